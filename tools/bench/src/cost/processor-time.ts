import { readdirSync, readFileSync } from 'node:fs';

/** One process as proc(5) `stat` shows it. */
export interface ProcessStat {
  pid: number;
  parent: number;
  /** Clock ticks of the process and of its ended children. */
  ticks: number;
}

const TICKS_PER_SECOND = 100;

/** Reads one line of proc(5) `stat`. The name of the program may contain spaces and brackets. */
export function parseStat(line: string): ProcessStat {
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return {
    pid: Number(line.slice(0, line.indexOf(' '))),
    parent: fields[1] ?? 0,
    ticks: user + system + childUser + childSystem,
  };
}

/**
 * Processor seconds by name since each process began. A process counts for its nearest ancestor that has a name, so that
 * all backends of PostgreSQL are one figure and a launcher does not count what it started under other names.
 */
export function secondsByName(
  all: readonly ProcessStat[],
  names: ReadonlyMap<number, string>,
): Map<string, number> {
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const seconds = new Map([...names.values()].map((name) => [name, 0]));
  for (const { pid, ticks } of all) {
    let at = pid;
    while (at > 1 && !names.has(at)) at = parents.get(at) ?? 0;
    const name = names.get(at);
    if (name !== undefined) seconds.set(name, (seconds.get(name) ?? 0) + ticks / TICKS_PER_SECOND);
  }
  return seconds;
}

/**
 * Processor seconds of the whole machine, from the first line of proc(5) `stat`. Time that a hypervisor gave to others
 * counts, because it was not there for this machine.
 */
export function busySeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) / TICKS_PER_SECOND;
}

/** Processor seconds of all that runs on this machine beside this process. */
export function otherSeconds(): number {
  const { user, system } = process.cpuUsage();
  return busySeconds(readFileSync('/proc/stat', 'utf8')) - (user + system) / 1e6;
}

/** Every process of this machine. */
export function readProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'))];
      } catch {
        // The process has ended since.
        return [];
      }
    });
}
