import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { streamsAccount } from './users.ts';

/**
 * Streams of an installation that had no accounts lie in the server's global account. They become those of the account
 * of streams, with all that they hold, before the server is started.
 * @returns whether they were moved
 */
export function moveGlobalStreams(storeDir: string): boolean {
  const [from, to] = [join(storeDir, 'jetstream', '$G'), join(storeDir, 'jetstream', streamsAccount)];
  if (!existsSync(from) || existsSync(to)) return false;
  renameSync(from, to);
  return true;
}
