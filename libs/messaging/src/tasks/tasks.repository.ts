import type { Database, Trx } from '@parley/database';
import { sql } from 'kysely';

/** A task as it is stored. */
export interface TaskRow {
  queue: string;
  id: string;
  key: string;
  spaceId: string;
  payload: unknown;
  traceparent: string | null;
  attempts: number;
}

/** A task about to be stored. */
export interface TaskInsert {
  queue: string;
  id: string;
  shard: number;
  key: string;
  spaceId: string;
  payload: string;
  traceparent: string | null;
  dueAt: Date | null;
}

/** All SQL of tasks. */
export class TasksRepository {
  private readonly runner: Database<unknown>;

  /** @param runner a pool under the runner role, which sees every space */
  constructor(runner: Database<unknown>) {
    this.runner = runner;
  }

  async insert<Tables>(trx: Trx<Tables>, rows: readonly TaskInsert[]): Promise<void> {
    const column = <Key extends keyof TaskInsert>(key: Key): TaskInsert[Key][] => rows.map((row) => row[key]);
    await sql`
      INSERT INTO task (queue, id, shard, key, space_id, payload, traceparent, due_at)
      SELECT queue, id, shard, key, space_id, payload, traceparent, coalesce(due_at, now()) FROM unnest(
        ${column('queue')}::text[], ${column('id')}::text[], ${column('shard')}::int[], ${column('key')}::text[], ${column('spaceId')}::text[],
        ${column('payload')}::jsonb[], ${column('traceparent')}::text[], ${column('dueAt')}::timestamptz[]
      ) WITH ORDINALITY AS row (queue, id, shard, key, space_id, payload, traceparent, due_at, place) ORDER BY place
      ON CONFLICT (queue, id) DO NOTHING`.execute(trx);
  }

  async delete<Tables>(trx: Trx<Tables>, queue: string, ids: readonly string[]): Promise<void> {
    await sql`DELETE FROM task WHERE queue = ${queue} AND id = ANY (${[...ids]}::text[])`.execute(trx);
  }

  /** The first task of each key that is due and not at work; its attempt is counted before it begins. */
  async claim(
    queue: string,
    shard: number,
    claim: { epoch: number; busyKeys: string[]; limit: number },
  ): Promise<TaskRow[]> {
    const { rows } = await sql<TaskRow & { no: string }>`
      UPDATE task SET attempts = attempts + 1, lease_epoch = ${claim.epoch}
      WHERE queue = ${queue} AND id IN (
        SELECT t.id FROM task t
        WHERE t.queue = ${queue} AND t.shard = ${shard} AND t.due_at <= now() AND t.key <> ALL (${claim.busyKeys}::text[])
          AND NOT EXISTS (SELECT 1 FROM task p WHERE p.queue = t.queue AND p.key = t.key AND p.no < t.no)
        ORDER BY t.no LIMIT ${claim.limit})
      RETURNING queue, id, key, space_id AS "spaceId", payload, traceparent, attempts, no`.execute(
      this.runner.kysely,
    );
    return rows.sort((a, b) => Number(a.no) - Number(b.no));
  }

  /** Removes a task in the transaction of its effect; false when another holder has taken it. */
  async settle<Tables>(trx: Trx<Tables>, queue: string, id: string, epoch: number): Promise<boolean> {
    const { rows } =
      await sql`DELETE FROM task WHERE queue = ${queue} AND id = ${id} AND lease_epoch = ${epoch} RETURNING id`.execute(
        trx,
      );
    return rows.length > 0;
  }

  async postpone(
    task: { queue: string; id: string; epoch: number },
    delayMs: number,
    reason: string,
  ): Promise<void> {
    await sql`
      UPDATE task SET due_at = now() + ${delayMs} * interval '1 millisecond', last_error = ${reason}
      WHERE queue = ${task.queue} AND id = ${task.id} AND lease_epoch = ${task.epoch}`.execute(
      this.runner.kysely,
    );
  }

  /** Milliseconds until the next task of a shard is due; null when there is none. */
  async nextDue(queue: string, shard: number): Promise<number | null> {
    const { rows } = await sql<{ wait: number | null }>`
      SELECT (extract(epoch FROM min(due_at) - now()) * 1000)::float8 AS wait FROM task WHERE queue = ${queue} AND shard = ${shard}`.execute(
      this.runner.kysely,
    );
    return rows[0]?.wait ?? null;
  }
}
