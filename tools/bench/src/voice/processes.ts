import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process has used since it began, and what it holds. */
export interface Usage {
  cpuSeconds: number;
  /** Proportional set size: shared pages count by their share. */
  pssMiB: number;
}

/** Linux counts processor time in these. */
const TICKS_A_SECOND = 100;
const WARM_MS = 60_000;

/** Fields of proc(5) `stat` from the third on; null when the process is gone. */
function stat(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** All threads of a process. */
export function usageOf(pid: number): Usage {
  const [user = 0, system = 0] = (stat(pid) ?? []).slice(11, 13).map(Number);
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]);
  return { cpuSeconds: (user + system) / TICKS_A_SECOND, pssMiB: kibibytes / 1024 };
}

function descends(pid: number, from: number): boolean {
  for (let at = pid; at > 1; at = Number(stat(at)?.[1] ?? 0)) if (at === from) return true;
  return false;
}

/** Job processes below a process: those whose command line names the job's file. */
function jobsOf(root: number, jobFile: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(jobFile) && descends(pid, root);
      } catch {
        return false;
      }
    });
}

/**
 * The one process that waits for the next call, once it is alone and warm: it uses no processor any more.
 * @throws Error when none is in time
 */
export async function waitingJob(root: number, jobFile: string): Promise<number> {
  const until = Date.now() + WARM_MS;
  let before = { pid: 0, cpuSeconds: -1 };
  while (Date.now() < until) {
    const [pid, ...others] = jobsOf(root, jobFile);
    if (pid && others.length === 0) {
      const { cpuSeconds } = usageOf(pid);
      if (before.pid === pid && cpuSeconds > 0.3 && cpuSeconds - before.cpuSeconds <= 0.02) return pid;
      before = { pid, cpuSeconds };
    }
    await sleep(1000);
  }
  throw new Error(`No single warm job process of ${jobFile} within ${WARM_MS / 1000} s.`);
}
