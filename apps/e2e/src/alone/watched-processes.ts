import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a process is there and has not ended. */
export function isRunning(pid: number): boolean {
  const [state] = statOf(pid);
  return state !== undefined && state !== 'Z';
}

/** Processes, and all that they have started, directly or not. */
export function familyOf(pids: readonly number[]): number[] {
  const parents = new Map(allPids().map((pid) => [pid, Number(statOf(pid)[1])]));
  const family = new Set(pids);
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family].filter(isRunning);
}

/** What every user sees of processes: their command lines. */
export function processList(pids: readonly number[]): string[] {
  return pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  });
}

/** Addresses with ports that processes receive at, over TCP and UDP. */
export function listeningAddresses(pids: readonly number[]): string[] {
  const printed = execFileSync('ss', ['-H', '-lntup'], { encoding: 'utf8' });
  const own = printed.split('\n').filter((line) => pids.some((pid) => line.includes(`pid=${pid},`)));
  return own.map((line) => line.trim().split(/\s+/)[4] ?? '');
}

/** Files and folders that other users may read, write or enter; as `path mode`. */
export function openEntries(folder: string): string[] {
  const open: string[] = [];
  const visit = (path: string): void => {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (!entry || entry.isSymbolicLink()) return;
    // The group of PostgreSQL's user may pass through the folder of the installation.
    const closed = path === folder ? 0o067 : 0o077;
    if ((entry.mode & closed) !== 0) open.push(`${path} ${(entry.mode & 0o777).toString(8)}`);
    if (entry.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(folder);
  return open;
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Fields of /proc/<pid>/stat behind the name: state, parent, … */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
