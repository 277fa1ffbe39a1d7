import { deadLetterSubject, newId } from '@parley/contracts';
import type { Database, Trx } from '@parley/database';
import { sql } from 'kysely';

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
  parkedAt: Date;
}

/** What is about to be parked. */
export type NewParked = Omit<Parked, 'id' | 'parkedAt'>;

const columns = sql`id, source, consumer, key, space_id AS "spaceId", name, content, reason, attempts, parked_at AS "parkedAt"`;

/** All SQL of parked events and tasks. */
export class ParkedRepository {
  private readonly database: Database<unknown>;
  private readonly service: string;

  /** @param database a pool under the runner role, for the lists across spaces */
  constructor(database: Database<unknown>, service: string) {
    this.database = database;
    this.service = service;
  }

  /** Parks in a transaction, and tells the dead letter stream through the outbox. */
  async park<Tables>(trx: Trx<Tables>, parked: NewParked): Promise<void> {
    const id = newId('evt');
    const { source, consumer, key, spaceId, name, content, reason, attempts } = parked;
    await sql`
      INSERT INTO parked (id, source, consumer, key, space_id, name, content, reason, attempts, replay)
      VALUES (${id}, ${source}, ${consumer}, ${key}, ${spaceId}, ${name}, ${JSON.stringify(content)}::jsonb, ${reason}, ${attempts},
        EXISTS (SELECT 1 FROM parked WHERE consumer = ${consumer} AND key = ${key} AND replay))`.execute(trx);
    const entry = {
      subject: deadLetterSubject(this.service, consumer.replaceAll('.', '_'), spaceId),
      id,
      value: { id, service: this.service, ...parked },
    };
    await sql`
      INSERT INTO outbox (shard, event_id, space_id, key, entry)
      VALUES ('DEAD_LETTER', nextval('event_id_seq'), ${spaceId}, ${key}, ${JSON.stringify(entry)}::jsonb)`.execute(
      trx,
    );
  }

  /** Which of these keys have something parked for a consumer: their later events wait behind it. */
  async parkedKeys<Tables>(
    trx: Trx<Tables>,
    consumer: string,
    keys: readonly string[],
  ): Promise<Set<string>> {
    const { rows } = await sql<{ key: string }>`
      SELECT DISTINCT key FROM parked WHERE consumer = ${consumer} AND key = ANY (${[...keys]}::text[])`.execute(
      trx,
    );
    return new Set(rows.map((row) => row.key));
  }

  async list(limit = 100): Promise<Parked[]> {
    const { rows } = await sql<Parked>`SELECT ${columns} FROM parked ORDER BY no LIMIT ${limit}`.execute(
      this.database.kysely,
    );
    return rows;
  }

  async show(id: string): Promise<Parked | undefined> {
    const { rows } = await sql<Parked>`SELECT ${columns} FROM parked WHERE id = ${id}`.execute(
      this.database.kysely,
    );
    return rows[0];
  }

  /** Marks everything parked for the key of this entry to be done again, in order; how many. */
  async markReplay(id: string): Promise<number> {
    const { rows } = await sql`
      UPDATE parked SET replay = true FROM (SELECT consumer, key FROM parked WHERE id = ${id}) AS wanted
      WHERE parked.consumer = wanted.consumer AND parked.key = wanted.key RETURNING parked.id`.execute(
      this.database.kysely,
    );
    return rows.length;
  }

  async drop(id: string): Promise<boolean> {
    const { rows } = await sql`DELETE FROM parked WHERE id = ${id} RETURNING id`.execute(
      this.database.kysely,
    );
    return rows.length > 0;
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
    const { rows } = await sql`DELETE FROM parked WHERE id = ${id} RETURNING id`.execute(trx);
    return rows.length > 0;
  }

  /** Leaves an entry parked after a replay that failed. */
  async unmark(id: string, reason: string): Promise<void> {
    await sql`UPDATE parked SET replay = false, reason = ${reason}, attempts = attempts + 1 WHERE id = ${id}`.execute(
      this.database.kysely,
    );
  }
}
