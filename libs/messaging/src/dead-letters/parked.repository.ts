import { deadLetterSubject, newId } from '@parley/contracts';
import type { Database, Trx } from '@parley/database';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { toStorable } from './storable.ts';

/** What could not be done, kept until somebody replays or drops it. */
export interface Parked {
  id: string;
  source: 'event' | 'task';
  consumer: string;
  key: string;
  spaceId: string;
  name: string;
  content: unknown;
  reason: string;
  attempts: number;
  /** Waits to be done again. */
  replay: boolean;
  parkedAt: Date;
}

/** What is about to be parked. */
export type NewParked = Omit<Parked, 'id' | 'replay' | 'parkedAt'>;

/** Which entries an operator means; all that are given must fit. */
export interface ParkedFilter {
  id?: string;
  spaceId?: string;
  consumer?: string;
  key?: string;
  /** Part of the reason. */
  reason?: string;
}

/** A parked task that is a task again. */
export interface RevivedTask {
  queue: string;
  shard: number;
}

const columns = sql`id, source, consumer, key, space_id AS "spaceId", name, content, reason, attempts, replay, parked_at AS "parkedAt"`;

/** Why events without a fault of their own are parked. */
export const PARKED_BEHIND = 'An earlier event of the same key is parked.';

/** All SQL of parked events and tasks. */
export class ParkedRepository {
  private readonly database: Database<unknown>;
  private readonly service: string;

  /** @param database a pool under the runner role, for the lists across spaces */
  constructor(database: Database<unknown>, service: string) {
    this.database = database;
    this.service = service;
  }

  /**
   * Parks in a transaction, and tells the dead letter stream through the outbox. What joins a key that is being
   * replayed is replayed after it.
   */
  async park<Tables>(trx: Trx<Tables>, unsafe: NewParked): Promise<void> {
    const id = newId('evt');
    const parked = toStorable(unsafe);
    const { source, consumer, key, spaceId, name, content, reason, attempts } = parked;
    await sql`
      INSERT INTO parked (id, source, consumer, key, space_id, name, content, reason, attempts, replay)
      VALUES (${id}, ${source}, ${consumer}, ${key}, ${spaceId}, ${name}, ${JSON.stringify(content)}::jsonb, ${reason}, ${attempts},
        ${source} = 'event' AND EXISTS (SELECT FROM parked WHERE consumer = ${consumer} AND key = ${key} AND replay))`.execute(
      trx,
    );
    const entry = {
      subject: deadLetterSubject(this.service, consumer.replaceAll('.', '_'), spaceId),
      id,
      value: { id, service: this.service, ...parked },
    };
    await sql`
      INSERT INTO outbox (shard, event_id, space_id, key, occurred_at, entry)
      VALUES ('DEAD_LETTER', nextval('event_id_seq'), ${spaceId}, ${key}, clock_timestamp(), ${JSON.stringify(entry)}::jsonb)`.execute(
      trx,
    );
  }

  /** The oldest entries that fit, in the order they were parked. */
  async list(filter: ParkedFilter | number = {}, limit = 100): Promise<Parked[]> {
    const [where, count] =
      typeof filter === 'number' ? [sql`true`, filter] : [filterCondition(filter), limit];
    const { rows } = await sql<Parked>`
      SELECT ${columns} FROM parked WHERE ${where} ORDER BY no LIMIT ${count}`.execute(this.database.kysely);
    return rows;
  }

  async show(id: string): Promise<Parked | undefined> {
    const { rows } = await sql<Parked>`SELECT ${columns} FROM parked WHERE id = ${id}`.execute(
      this.database.kysely,
    );
    return rows[0];
  }

  /** Marks events to be done again: all that is parked for the keys of those meant, in order. Answers how many. */
  async markReplay(filter: ParkedFilter | string): Promise<number> {
    const where = filterCondition(typeof filter === 'string' ? { id: filter } : filter);
    const { numAffectedRows } = await sql`
      UPDATE parked SET replay = true
      FROM (SELECT DISTINCT consumer, key FROM parked WHERE source = 'event' AND ${where}) AS wanted
      WHERE parked.source = 'event' AND parked.consumer = wanted.consumer AND parked.key = wanted.key`.execute(
      this.database.kysely,
    );
    return Number(numAffectedRows ?? 0);
  }

  /** Makes parked tasks tasks again, with all their attempts before them, in the order they were parked. */
  async reviveTasks(filter: ParkedFilter): Promise<RevivedTask[]> {
    const { rows } = await sql<RevivedTask>`
      WITH revived AS (
        DELETE FROM parked WHERE source = 'task' AND ${filterCondition(filter)} RETURNING *
      )
      INSERT INTO task (queue, id, shard, key, space_id, payload, traceparent)
      SELECT name, content->>'id', (content->>'shard')::int, key, space_id, content->'payload', content->>'traceparent'
      FROM revived ORDER BY no
      ON CONFLICT (space_id, queue, id) DO NOTHING RETURNING queue, shard`.execute(this.database.kysely);
    return rows;
  }

  /** Removes entries for good; what waited behind them of the same key is done again. Answers how many were removed. */
  async dropMatching(filter: ParkedFilter): Promise<number> {
    return this.database.kysely.transaction().execute(async (trx) => {
      const { rows } = await sql<{ consumer: string; key: string; source: string }>`
        DELETE FROM parked WHERE ${filterCondition(filter)} RETURNING consumer, key, source`.execute(trx);
      const events = rows.filter(({ source }) => source === 'event');
      await sql`
        UPDATE parked SET replay = true
        FROM unnest(${events.map(({ consumer }) => consumer)}::text[], ${events.map(({ key }) => key)}::text[]) AS behind (consumer, key)
        WHERE parked.source = 'event' AND parked.consumer = behind.consumer AND parked.key = behind.key`.execute(
        trx,
      );
      return rows.length;
    });
  }

  /** Removes one entry for good; what waited behind it is done again. */
  async drop(id: string): Promise<boolean> {
    return (await this.dropMatching({ id })) > 0;
  }

  /** The oldest entry of a consumer that is to be done again. */
  async nextReplay(consumer: string): Promise<Parked | undefined> {
    const { rows } = await sql<Parked>`
      SELECT ${columns} FROM parked WHERE consumer = ${consumer} AND replay ORDER BY no LIMIT 1`.execute(
      this.database.kysely,
    );
    return rows[0];
  }

  /** Removes an entry in the transaction of its effect; false when somebody was faster. */
  async unpark<Tables>(trx: Trx<Tables>, id: string): Promise<boolean> {
    const { numAffectedRows } = await sql`DELETE FROM parked WHERE id = ${id}`.execute(trx);
    return numAffectedRows === 1n;
  }

  /** Leaves an entry parked after a replay that failed, and what waits behind it with it. */
  async unmarkReplay(id: string, reason: string): Promise<void> {
    await sql`
      UPDATE parked SET replay = false,
        reason = CASE WHEN parked.id = ${id} THEN ${reason} ELSE parked.reason END,
        attempts = parked.attempts + CASE WHEN parked.id = ${id} THEN 1 ELSE 0 END
      FROM parked AS failed
      WHERE failed.id = ${id} AND parked.source = 'event' AND parked.consumer = failed.consumer AND parked.key = failed.key`.execute(
      this.database.kysely,
    );
  }
}

function filterCondition(filter: ParkedFilter): RawBuilder<unknown> {
  const parts = [sql`true`];
  if (filter.id !== undefined) parts.push(sql`id = ${filter.id}`);
  if (filter.spaceId !== undefined) parts.push(sql`space_id = ${filter.spaceId}`);
  if (filter.consumer !== undefined) parts.push(sql`consumer = ${filter.consumer}`);
  if (filter.key !== undefined) parts.push(sql`key = ${filter.key}`);
  if (filter.reason !== undefined) parts.push(sql`strpos(reason, ${filter.reason}) > 0`);
  return sql.join(parts, sql` AND `);
}
