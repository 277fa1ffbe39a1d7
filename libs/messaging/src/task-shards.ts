import { fnv1a } from './hash.ts';

/** Shards of every queue; each is worked by one process at a time. */
export const TASK_SHARDS = 4;

/** Name of the lease and waker of a queue's shard. */
export function workerName(queue: string, shard: number): string {
  return `task.${queue}.${shard}`;
}

/** The shard of a key. */
export function shardOfKey(key: string): number {
  return fnv1a(key) % TASK_SHARDS;
}
