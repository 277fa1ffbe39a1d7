import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findNatsServer } from '@parley/testing';

/**
 * Makes a folder of servers (`PARLEY_SERVERS`) whose nats-server also answers monitoring requests: an installation has no
 * setting for that.
 * @param folder made here
 */
export async function monitoredServers(folder: string, monitorPort: number): Promise<string> {
  const program = await findNatsServer();
  const kept = dirname(program);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(kept))
    if (!name.startsWith('nats-server')) symlinkSync(join(kept, name), join(folder, name));
  const script = `#!/bin/sh\nexec '${program}' "$@" -m ${monitorPort}\n`;
  writeFileSync(join(folder, basename(program)), script, { mode: 0o755 });
  return folder;
}
