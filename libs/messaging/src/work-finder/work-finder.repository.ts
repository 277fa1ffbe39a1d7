import type { Database } from '@parley/database';
import { sql } from 'kysely';

/** Where a process looks for work: what it holds. */
export interface Places {
  /** Shards whose relay it runs. */
  relayShards: readonly string[];
  /** Shards of task queues, with the epoch of their lease. */
  taskShards: readonly { name: string; queue: string; shard: number; epoch: number }[];
}

/** Finds what waits, under the runner role. */
export class WorkFinderRepository {
  private readonly runner: Database<unknown>;

  constructor(runner: Database<unknown>) {
    this.runner = runner;
  }

  /** Names of the loops that have work: `relay.<shard>`, names of task shards, `replay.<consumer>`. */
  async find({ relayShards, taskShards }: Places): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`
      SELECT 'relay.' || given.shard AS name FROM unnest(${[...relayShards]}::text[]) AS given (shard)
      WHERE EXISTS (SELECT FROM outbox WHERE outbox.shard = given.shard)
      UNION ALL
      SELECT given.name FROM unnest(
        ${taskShards.map(({ name }) => name)}::text[], ${taskShards.map(({ queue }) => queue)}::text[],
        ${taskShards.map(({ shard }) => shard)}::int[], ${taskShards.map(({ epoch }) => epoch)}::bigint[]
      ) AS given (name, queue, shard, epoch)
      WHERE EXISTS (
        SELECT FROM task WHERE task.queue = given.queue AND task.shard = given.shard
          AND task.lease_epoch < given.epoch AND task.due_at <= clock_timestamp())
      UNION ALL
      SELECT 'replay.' || consumer FROM (SELECT DISTINCT consumer FROM parked WHERE replay) AS marked`.execute(
      this.runner.kysely,
    );
    return rows.map(({ name }) => name);
  }
}
