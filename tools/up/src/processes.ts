import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface Recorded {
  pid: number;
  /** Start time of the process in clock ticks since boot (proc(5), field 22): a pid used again has another. */
  startedAt: string;
  name: string;
}

const LAUNCHER = 'launcher';

/** Remembers what was started, so that a run after a crash can end what was left, and nothing else. */
export class ProcessRecord {
  private readonly path: string;
  private readonly entries = new Map<string, Recorded>();

  constructor(path: string) {
    this.path = path;
  }

  add(name: string, pid: number): void {
    const startedAt = startTime(pid);
    if (startedAt) this.entries.set(name, { pid, startedAt, name });
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

  /** Ends what a former run left behind; how many. */
  async endOrphans(): Promise<number> {
    const left = readRecord(this.path).filter((one) => startTime(one.pid) === one.startedAt);
    for (const { pid } of left) kill(pid, 'SIGTERM');
    for (
      let waited = 0;
      waited < 5000 && left.some((one) => startTime(one.pid) === one.startedAt);
      waited += 100
    )
      await sleep(100);
    for (const one of left) if (startTime(one.pid) === one.startedAt) kill(one.pid, 'SIGKILL');
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

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
