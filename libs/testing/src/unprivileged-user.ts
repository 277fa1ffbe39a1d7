import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The user `nobody`, which root starts PostgreSQL as, because PostgreSQL refuses root. */
const NOBODY = 65_534;

/** Where root keeps what `nobody` has to reach while the folder that was asked for is closed to it. */
const DATA_FOLDER = '/var/lib/parley';
const PROGRAM_FOLDER = '/var/cache/parley';

/** User and group to spawn a program as that refuses root; empty for every other user. */
export function unprivilegedUser(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/** Whether the unprivileged user may enter a folder that exists; always true where no other user is needed. */
export function isReachable(folder: string): boolean {
  const user = unprivilegedUser();
  if (user.uid === undefined) return true;
  const check = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { cwd: '/', ...user });
  return check.status === 0;
}

/**
 * The folder itself, or one in /var/lib/parley that stands for it where the unprivileged user cannot reach it.
 * @param folder its parent exists
 */
export function reachableData(folder: string): string {
  if (isReachable(dirname(folder))) return folder;
  makeFolder(DATA_FOLDER, 0o711);
  return join(DATA_FOLDER, `${basename(folder)}-${digest(folder)}`);
}

/** A folder of programs, or a copy of it in /var/cache/parley where the unprivileged user cannot reach it. */
export function reachablePrograms(folder: string): string {
  if (isReachable(folder)) return folder;
  const { mtimeMs } = statSync(join(folder, 'bin'));
  const copy = join(PROGRAM_FOLDER, `postgres-${digest(`${folder} ${mtimeMs}`)}`);
  if (existsSync(copy)) return copy;
  makeFolder(PROGRAM_FOLDER, 0o755);
  // Renamed when complete: a copy that was interrupted is never run.
  const part = `${copy}.${process.pid}`;
  cpSync(folder, part, { recursive: true, verbatimSymlinks: true });
  const opened = spawnSync('chmod', ['-R', 'go=rX', part]);
  if (opened.status !== 0) throw new Error(`The copy ${part} could not be opened to other users.`);
  if (existsSync(copy)) rmSync(part, { recursive: true, force: true });
  else renameSync(part, copy);
  return copy;
}

/** The mode holds whatever the umask of this process is. */
function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
