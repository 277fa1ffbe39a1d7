import type { SuspectGate } from '../suspect-gate.ts';
import type { LoadedTask } from './tasks.repository.ts';

/** A key as the lanes know it. */
export function laneKey(task: { spaceId: string; key: string }): string {
  return `${task.spaceId}/${task.key}`;
}

/**
 * What a worker holds in memory: a line of tasks per key, of which only the first may be at work. Suspects, begun by a
 * process that ended, go through the gate.
 */
export class TaskLanes {
  private readonly lanes = new Map<string, LoadedTask[]>();
  private readonly working = new Set<string>();
  private readonly skipped = new Set<string>();
  private readonly gate: SuspectGate;
  private readonly wake: () => void;

  /** @param wake called when a suspect that had to wait may begin */
  constructor(gate: SuspectGate, wake: () => void) {
    this.gate = gate;
    this.wake = wake;
  }

  /** Tasks in memory. */
  get size(): number {
    let size = 0;
    for (const lane of this.lanes.values()) size += lane.length;
    return size;
  }

  /** Tasks at work. */
  get busy(): number {
    return this.working.size;
  }

  all(): LoadedTask[] {
    return [...this.lanes.values()].flat();
  }

  keys(): string[] {
    return [...this.lanes.keys()];
  }

  /** Lines up a task in the order of its key; what is at work stays in front. */
  add(task: LoadedTask): void {
    const key = laneKey(task);
    const lane = this.lanes.get(key);
    if (!lane) this.lanes.set(key, [task]);
    else {
      const behind = lane.findIndex(
        ({ no }, index) => no > task.no && !(index === 0 && this.working.has(key)),
      );
      lane.splice(behind < 0 ? lane.length : behind, 0, task);
    }
  }

  /** Remembers that a look for tasks passed over the keys in memory: more of them may be in the table. */
  markSkipped(): void {
    for (const key of this.lanes.keys()) this.skipped.add(key);
  }

  /** Takes the next tasks that may begin, at most `limit`; each is at work until `finish`. */
  takeReady(limit: number, mayBegin: (task: LoadedTask) => boolean = () => true): LoadedTask[] {
    const ready: LoadedTask[] = [];
    const heads = [...this.lanes.values()].flatMap((lane) => lane.slice(0, 1)).filter(mayBegin);
    // The suspect with the fewest attempts goes first: what kills the process each time ends alone.
    heads.sort((a, b) => Number(a.suspect) - Number(b.suspect) || a.attempts - b.attempts || a.no - b.no);
    for (const head of heads) {
      if (ready.length >= limit) break;
      if (this.working.has(laneKey(head))) continue;
      if (head.suspect && !this.gate.tryEnter(this.wake)) continue;
      this.working.add(laneKey(head));
      ready.push(head);
    }
    return ready;
  }

  /** The first of its key is through; the next may begin. Answers whether more of the key may be in the table. */
  finish(task: LoadedTask): boolean {
    const key = laneKey(task);
    const lane = this.lanes.get(key);
    if (lane?.[0] !== task) return false;
    this.release(task);
    lane.shift();
    if (lane.length > 0) return false;
    this.lanes.delete(key);
    return this.skipped.delete(key);
  }

  /** Forgets a key with all that stands behind the task: it was put back. */
  drop(task: LoadedTask): void {
    if (this.lanes.get(laneKey(task))?.[0] !== task) return;
    this.release(task);
    this.lanes.delete(laneKey(task));
    this.skipped.delete(laneKey(task));
  }

  /** Tasks that have not begun; nothing stays in memory but what is at work. */
  clearWaiting(): LoadedTask[] {
    const waiting: LoadedTask[] = [];
    for (const [key, lane] of [...this.lanes]) {
      const kept = this.working.has(key) ? 1 : 0;
      waiting.push(...lane.splice(kept));
      if (lane.length === 0) this.lanes.delete(key);
    }
    return waiting;
  }

  private release(task: LoadedTask): void {
    this.working.delete(laneKey(task));
    if (task.suspect) this.gate.leave();
  }
}
