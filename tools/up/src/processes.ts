import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface Recorded {
  pid: number;
  /** Start time of the process in clock ticks since boot (proc(5), field 22): a pid used again has another. */
  startedAt: string;
  name: string;
  /** Which boot of the machine it ran in; null where the system does not tell. */
  boot?: string | null;
}

const LAUNCHER = 'launcher';
const ORPHAN_MS = 5000;

/** Remembers what was started, so that a run after a crash can end what was left, and nothing else. */
export class ProcessRecord {
  private readonly path: string;
  private readonly entries = new Map<string, Recorded>();

  constructor(path: string) {
    this.path = path;
  }

  add(name: string, pid: number): void {
    const startedAt = startTime(pid);
    if (startedAt) this.entries.set(name, { pid, startedAt, name, boot: bootId() });
    this.save();
  }

  /** The launcher that keeps this folder's processes running, if one is alive. */
  launcher(): number | null {
    const found = readRecord(this.path).find(({ name }) => name === LAUNCHER);
    return found && found.pid !== process.pid && startTime(found.pid) === found.startedAt ? found.pid : null;
  }

  /** Writes down that this process keeps the others running from now on. */
  addLauncher(): void {
    this.add(LAUNCHER, process.pid);
  }

  /** Ends what a former run left behind, or this one: asked first, killed after 5 s; how many processes there were. */
  async endAll(): Promise<number> {
    const recorded = readRecord(this.path).filter(({ pid }) => pid !== process.pid);
    const left = recorded.filter(isRunning);
    // PostgreSQL would wait for its clients on SIGTERM.
    for (const { pid, name } of left) kill(pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM');
    for (let waited = 0; waited < ORPHAN_MS && left.some(isRunning); waited += 100) await sleep(100);
    for (const one of recorded) {
      if (isRunning(one)) kill(one.pid, 'SIGKILL');
      else if (!isGroupLeft(one)) continue;
      killGroup(one.pid);
    }
    return left.length;
  }

  clear(): void {
    this.entries.clear();
    this.save();
  }

  private save(): void {
    // Whoever reads it at that moment, or after a death at that moment, finds the one before.
    const part = `${this.path}.${process.pid}`;
    writeFileSync(part, JSON.stringify([...this.entries.values()]), { mode: 0o600 });
    renameSync(part, this.path);
  }
}

function isRunning({ pid, startedAt }: Recorded): boolean {
  return startTime(pid) === startedAt;
}

function readRecord(path: string): Recorded[] {
  try {
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Recorded[]) : [];
  } catch {
    return [];
  }
}

function startTime(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : (fields[19] ?? null);
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/** Whether only what the process has started itself may be left: its id is not given again while its group exists. */
function isGroupLeft({ pid, boot }: Recorded): boolean {
  return startTime(pid) === null && typeof boot === 'string' && boot === bootId();
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

/** Kills a process that leads a group, and all that it has started. */
export function killGroup(pid: number): void {
  kill(-pid, 'SIGKILL');
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
