import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ProcessRecord } from './processes.ts';

/** Waits until nobody can write to it any more, then runs a program. */
const SCRIPT = 'read -r line; exec "$@"';

/**
 * Starts a process that outlives this one by a moment: when the launcher is killed, the system closes the pipe between them,
 * and the guard ends everything that the launcher had started. It is a shell, which costs next to nothing while it waits.
 */
export function startGuard(root: string, record: ProcessRecord, recordFile: string): void {
  const program = join(root, 'tools/up/src/end-orphans.ts');
  const command = [process.execPath, '--conditions=source', '--no-warnings', program, recordFile];
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'parley-guard', ...command], {
    cwd: root,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.once('error', () => undefined);
  guard.unref();
  if (guard.pid) record.add('guard', guard.pid);
}
