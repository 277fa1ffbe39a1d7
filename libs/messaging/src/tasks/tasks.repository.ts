import type { Database, Trx } from '@parley/database';
import { type RawBuilder, sql } from 'kysely';
import { SUSPECT_ATTEMPTS } from '../suspect-gate.ts';

/** A task as it is stored. */
export interface TaskRow {
  queue: string;
  id: string;
  key: string;
  spaceId: string;
  payload: unknown;
  traceparent: string | null;
  /** Attempts begun, this one included once it is begun. */
  attempts: number;
}

/** A task just taken into a worker's memory. */
export interface LoadedTask extends TaskRow {
  no: number;
  /** Its attempt is counted: it may begin. */
  begun: boolean;
  /** A worker that did not give up its lease had begun it: it may be what ended that process. */
  suspect: boolean;
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
  /** The claim of a worker of this process that could begin it at once. */
  claim: Claim | null;
}

/** Identity of a task. */
export type InsertedTask = Pick<TaskRow, 'spaceId' | 'id'>;

/** A task that was taken as it was written. */
export type TakenTask = Pick<LoadedTask, 'queue' | 'spaceId' | 'id' | 'no' | 'attempts'>;

/** What a look for due tasks has found. */
export interface Loaded {
  tasks: LoadedTask[];
  /** Milliseconds until the next task that is not yet due; null when there is none. */
  nextDueMs: number | null;
  /** Whether due tasks were passed over because a transaction of a holder before still locks them. */
  hasLocked: boolean;
}

/** Which rows a worker may touch: those it has loaded under its lease. */
export interface Claim {
  queue: string;
  shard: number;
  /** Name of the lease, and its epoch as this holder knows it. */
  lease: string;
  epoch: number;
}

/** True as long as nobody else has taken the lease: one that does not know of its loss begins nothing new. */
function isHolder(claim: Claim): RawBuilder<boolean> {
  return sql`EXISTS (SELECT FROM lease WHERE lease.name = ${claim.lease} AND lease.epoch = ${claim.epoch})`;
}

/** All SQL of tasks. */
export class TasksRepository {
  private readonly runner: Database<unknown>;

  /** @param runner a pool under the runner role, which sees every space */
  constructor(runner: Database<unknown>) {
    this.runner = runner;
  }

  /**
   * Writes tasks. Those with a claim are taken by it when the lease is held under it and nothing of their key is pending,
   * and the first of each key is begun: its attempt is counted. Answers what is taken.
   */
  async insert<Tables>(trx: Trx<Tables>, rows: readonly TaskInsert[]): Promise<TakenTask[]> {
    const column = <Key extends keyof TaskInsert>(key: Key): TaskInsert[Key][] => rows.map((row) => row[key]);
    const { rows: written } = await sql<TakenTask & { taken: boolean }>`
      INSERT INTO task (queue, id, shard, key, space_id, payload, traceparent, due_at, lease_epoch, attempts)
      SELECT queue, id, shard, key, space_id, payload, traceparent, coalesce(due_at, clock_timestamp()),
        CASE WHEN taken THEN epoch ELSE 0 END,
        (taken AND row_number() OVER (PARTITION BY queue, space_id, key ORDER BY place) = 1)::int
      FROM (
        SELECT row.*, epoch IS NOT NULL
          AND EXISTS (SELECT FROM lease WHERE lease.name = row.lease AND lease.epoch = row.epoch)
          AND NOT EXISTS (
            SELECT FROM task WHERE task.queue = row.queue AND task.space_id = row.space_id AND task.key = row.key) AS taken
        FROM unnest(
          ${column('queue')}::text[], ${column('id')}::text[], ${column('shard')}::int[], ${column('key')}::text[], ${column('spaceId')}::text[],
          ${column('payload')}::jsonb[], ${column('traceparent')}::text[], ${column('dueAt')}::timestamptz[],
          ${rows.map(({ claim }) => claim?.lease)}::text[], ${rows.map(({ claim }) => claim?.epoch)}::bigint[]
        ) WITH ORDINALITY AS row (queue, id, shard, key, space_id, payload, traceparent, due_at, lease, epoch, place)
      ) AS given ORDER BY place
      ON CONFLICT (space_id, queue, id) DO NOTHING
      RETURNING queue, id, space_id AS "spaceId", no, attempts, lease_epoch > 0 AS taken`.execute(trx);
    return written.filter(({ taken }) => taken);
  }

  /** Which of these keys have a task that is not yet done, as `<space>/<key>`. */
  async pendingKeys<Tables>(
    trx: Trx<Tables>,
    queue: string,
    keys: readonly { spaceId: string; key: string }[],
  ): Promise<Set<string>> {
    const { rows } = await sql<{ spaceId: string; key: string }>`
      SELECT given.space_id AS "spaceId", given.key
      FROM unnest(${keys.map(({ spaceId }) => spaceId)}::text[], ${keys.map(({ key }) => key)}::text[]) AS given (space_id, key)
      WHERE EXISTS (
        SELECT FROM task WHERE task.queue = ${queue} AND task.space_id = given.space_id AND task.key = given.key)`.execute(
      trx,
    );
    return new Set(rows.map(({ spaceId, key }) => `${spaceId}/${key}`));
  }

  async delete<Tables>(
    trx: Trx<Tables>,
    queue: string,
    spaceId: string,
    ids: readonly string[],
  ): Promise<void> {
    await sql`DELETE FROM task WHERE space_id = ${spaceId} AND queue = ${queue} AND id = ANY (${[...ids]}::text[])`.execute(
      trx,
    );
  }

  /**
   * Takes due tasks into the worker's memory, in order, and counts the attempt of those that begin at once: the first
   * of each key, as many as `free`. Keys in memory are left alone, and so is all behind a task that waits for its retry
   * or that the transaction of a holder before still locks. One instant decides over all rows: with a clock that goes on
   * within the statement, a task could pass one in front of it that fell due between the two looks.
   */
  async load(
    claim: Claim,
    room: { limit: number; free: number; busyKeys: readonly string[] },
  ): Promise<Loaded> {
    const { queue, shard, epoch } = claim;
    const { rows } = await sql<LoadedTask & Omit<Loaded, 'tasks'>>`
      WITH candidate AS (
        SELECT space_id, id, key, no, attempts, lease_epoch FROM task
        WHERE queue = ${queue} AND shard = ${shard} AND lease_epoch < ${epoch} AND due_at <= statement_timestamp()
          AND ${isHolder(claim)} AND space_id || '/' || key <> ALL (${[...room.busyKeys]}::text[])
          AND NOT EXISTS (
            SELECT FROM task AS before
            WHERE before.queue = ${queue} AND before.space_id = task.space_id AND before.key = task.key AND before.no < task.no
              AND before.retrying AND before.due_at > statement_timestamp())
        ORDER BY no LIMIT ${room.limit}
      ), locked AS (
        SELECT task.space_id, task.id FROM task JOIN candidate USING (space_id, id)
        WHERE task.queue = ${queue} AND task.lease_epoch < ${epoch} FOR UPDATE OF task SKIP LOCKED
      ), looked AS (
        SELECT candidate.*, count(*) FILTER (WHERE locked.id IS NULL) OVER (
          PARTITION BY candidate.space_id, candidate.key ORDER BY candidate.no) AS missing
        FROM candidate LEFT JOIN locked ON locked.space_id = candidate.space_id AND locked.id = candidate.id
      ), due AS (
        SELECT * FROM looked WHERE missing = 0
      ), ranked AS (
        SELECT due.*, attempts >= ${SUSPECT_ATTEMPTS} AND lease_epoch > 0 AS suspect,
          row_number() OVER (PARTITION BY space_id, key ORDER BY no) = 1 AND NOT (attempts >= ${SUSPECT_ATTEMPTS} AND lease_epoch > 0) AS first
        FROM due
      ), chosen AS (
        SELECT *, first AND count(*) FILTER (WHERE first) OVER (ORDER BY no) <= ${room.free} AS begun FROM ranked
      ), taken AS (
        UPDATE task SET lease_epoch = ${epoch}, retrying = false, attempts = task.attempts + CASE WHEN chosen.begun THEN 1 ELSE 0 END
        FROM chosen WHERE task.space_id = chosen.space_id AND task.queue = ${queue} AND task.id = chosen.id
        RETURNING task.queue, task.id, task.key, task.space_id AS "spaceId", task.payload, task.traceparent, task.attempts, task.no,
          chosen.begun, chosen.suspect
      )
      SELECT taken.*, next."nextDueMs", EXISTS (SELECT FROM looked WHERE missing > 0) AS "hasLocked" FROM (
        SELECT (extract(epoch FROM min(due_at) - statement_timestamp()) * 1000)::float8 AS "nextDueMs" FROM task
        WHERE queue = ${queue} AND shard = ${shard} AND due_at > statement_timestamp()
      ) AS next LEFT JOIN taken ON true`.execute(this.runner.kysely);
    const tasks = rows.filter(({ id }) => id !== null).sort((a, b) => a.no - b.no);
    return { tasks, nextDueMs: rows[0]?.nextDueMs ?? null, hasLocked: rows[0]?.hasLocked ?? false };
  }

  /** Counts the attempt of loaded tasks before they begin; answers the attempts of those that are still there. */
  async begin(claim: Claim, tasks: readonly TaskRow[]): Promise<Map<string, number>> {
    const { rows } = await sql<{ place: number; attempts: number }>`
      UPDATE task SET attempts = attempts + 1
      FROM unnest(${tasks.map((task) => task.spaceId)}::text[], ${tasks.map((task) => task.id)}::text[])
        WITH ORDINALITY AS given (space_id, id, place)
      WHERE task.space_id = given.space_id AND task.queue = ${claim.queue} AND task.id = given.id AND task.lease_epoch = ${claim.epoch}
        AND ${isHolder(claim)}
      RETURNING given.place, task.attempts`.execute(this.runner.kysely);
    return new Map(rows.map(({ place, attempts }) => [taskKey(tasks[place - 1]), attempts]));
  }

  /** Removes a task in the transaction of its effect; false when another holder has taken it or it was cancelled. */
  async complete<Tables>(trx: Trx<Tables>, claim: Claim, task: TaskRow): Promise<boolean> {
    const { numAffectedRows } = await sql`
      DELETE FROM task WHERE space_id = ${task.spaceId} AND queue = ${claim.queue} AND id = ${task.id}
        AND lease_epoch = ${claim.epoch} AND attempts = ${task.attempts}`.execute(trx);
    return numAffectedRows === 1n;
  }

  /** The same for many, each under its own claim; answers the places of those that were removed. */
  async completeMany<Tables>(
    trx: Trx<Tables>,
    ended: readonly { claim: Claim; row: TaskRow }[],
  ): Promise<Set<number>> {
    const { rows } = await sql<{ place: number }>`
      DELETE FROM task USING unnest(
        ${ended.map(({ row }) => row.spaceId)}::text[], ${ended.map(({ claim }) => claim.queue)}::text[], ${ended.map(({ row }) => row.id)}::text[],
        ${ended.map(({ claim }) => claim.epoch)}::bigint[], ${ended.map(({ row }) => row.attempts)}::int[]
      ) WITH ORDINALITY AS given (space_id, queue, id, epoch, attempts, place)
      WHERE task.space_id = given.space_id AND task.queue = given.queue AND task.id = given.id
        AND task.lease_epoch = given.epoch AND task.attempts = given.attempts
      RETURNING given.place`.execute(trx);
    return new Set(rows.map(({ place }) => place - 1));
  }

  /** Removes a task without effect; false as `settle`. */
  async remove(claim: Claim, task: TaskRow): Promise<boolean> {
    const { numAffectedRows } = await sql`
      DELETE FROM task WHERE space_id = ${task.spaceId} AND queue = ${claim.queue} AND id = ${task.id}
        AND lease_epoch = ${claim.epoch} AND attempts = ${task.attempts}`.execute(this.runner.kysely);
    return numAffectedRows === 1n;
  }

  /** Puts a task back until later, and with it what was loaded behind it. */
  async postpone(
    claim: Claim,
    task: TaskRow,
    retry: { delayMs: number; reason: string; counts: boolean },
  ): Promise<void> {
    await sql`
      UPDATE task SET lease_epoch = 0,
        due_at = CASE WHEN id = ${task.id} THEN clock_timestamp() + ${Math.round(retry.delayMs)} * interval '1 millisecond' ELSE due_at END,
        retrying = id = ${task.id},
        attempts = attempts - CASE WHEN id = ${task.id} AND ${!retry.counts} THEN 1 ELSE 0 END,
        last_error = CASE WHEN id = ${task.id} THEN ${retry.reason} ELSE last_error END
      WHERE space_id = ${task.spaceId} AND queue = ${claim.queue} AND shard = ${claim.shard} AND key = ${task.key} AND lease_epoch = ${claim.epoch}
        AND EXISTS (
          SELECT FROM task AS head WHERE head.space_id = ${task.spaceId} AND head.queue = ${claim.queue} AND head.id = ${task.id}
            AND head.lease_epoch = ${claim.epoch} AND head.attempts = ${task.attempts})`.execute(
      this.runner.kysely,
    );
  }

  /** Gives back what is taken under this lease without being in memory. */
  async reclaim(claim: Claim, known: readonly InsertedTask[]): Promise<void> {
    await sql`
      UPDATE task SET lease_epoch = 0
      WHERE queue = ${claim.queue} AND shard = ${claim.shard} AND lease_epoch = ${claim.epoch}
        AND space_id || '/' || id <> ALL (${known.map(taskKey)}::text[])`.execute(this.runner.kysely);
  }

  /** Gives loaded tasks back that were not begun, when the worker leaves. */
  async unload(claim: Claim, tasks: readonly TaskRow[]): Promise<void> {
    await sql`
      UPDATE task SET lease_epoch = 0
      FROM unnest(${tasks.map((task) => task.spaceId)}::text[], ${tasks.map((task) => task.id)}::text[]) AS given (space_id, id)
      WHERE task.space_id = given.space_id AND task.queue = ${claim.queue} AND task.id = given.id AND task.lease_epoch = ${claim.epoch}`.execute(
      this.runner.kysely,
    );
  }

  /** What waits in each queue, for metrics. */
  async waiting(): Promise<{ queue: string; due: number; later: number; oldestSeconds: number }[]> {
    const { rows } = await sql<{ queue: string; due: number; later: number; oldestSeconds: number }>`
      SELECT queue, count(*) FILTER (WHERE due_at <= clock_timestamp())::int AS due,
        count(*) FILTER (WHERE due_at > clock_timestamp())::int AS later,
        coalesce(extract(epoch FROM clock_timestamp() - min(due_at) FILTER (WHERE due_at <= clock_timestamp())), 0)::float8 AS "oldestSeconds"
      FROM task GROUP BY queue`.execute(this.runner.kysely);
    return rows;
  }
}

/** Identity of a task within its queue. */
export function taskKey(task: Pick<TaskRow, 'spaceId' | 'id'> | undefined): string {
  return task ? `${task.spaceId}/${task.id}` : '';
}
