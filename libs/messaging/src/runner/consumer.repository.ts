import type { Database, Trx } from '@parley/database';
import { sql } from 'kysely';

/** Where a consumer stands in a partition of a stream. */
export interface ConsumerPartition {
  consumer: string;
  stream: string;
  partition: number;
  streamEpoch: string;
  leaseEpoch: number;
}

/** All SQL of consumers' positions and of what they have seen. */
export class ConsumerRepository {
  private readonly runner: Database<unknown>;

  /** @param runner a pool under the runner role */
  constructor(runner: Database<unknown>) {
    this.runner = runner;
  }

  /**
   * Takes a position over under a lease. A changed stream epoch starts it at 0; it is never beyond the stream's last
   * sequence, since what a stream lost (a disk brought back from a copy) it numbers anew.
   */
  async takeOver(position: ConsumerPartition, lastSequence: number): Promise<number> {
    const { consumer, partition, streamEpoch, leaseEpoch } = position;
    const { rows } = await sql<{ position: number }>`
      INSERT INTO position (consumer, partition, stream_epoch, position, lease_epoch) VALUES (${consumer}, ${partition}, ${streamEpoch}, 0, ${leaseEpoch})
      ON CONFLICT (consumer, partition) DO UPDATE SET
        position = CASE WHEN position.stream_epoch = excluded.stream_epoch THEN least(position.position, ${lastSequence}) ELSE 0 END,
        stream_epoch = excluded.stream_epoch, lease_epoch = excluded.lease_epoch
      WHERE position.lease_epoch <= excluded.lease_epoch
      RETURNING position`.execute(this.runner.kysely);
    const [row] = rows;
    if (!row) throw new Error('The position is held under a later lease.');
    return row.position;
  }

  /**
   * Moves positions of a consumer in the transaction of the effect and forgets the attempts up to there. Answers the
   * partitions that were moved, which is not one that another holder has, and which of the keys have something parked:
   * their later events wait behind it.
   */
  async move<Tables>(
    trx: Trx<Tables>,
    consumer: string,
    moves: readonly { where: ConsumerPartition; from: number; to: number }[],
    keys: readonly string[],
  ): Promise<{ moved: Set<number>; parked: Set<string> }> {
    const column = (key: 'partition' | 'streamEpoch' | 'leaseEpoch'): unknown[] =>
      moves.map(({ where }) => where[key]);
    const { rows } = await sql<{ moved: number[] | null; parked: string[] }>`
      WITH moved AS (
        UPDATE position SET position = given.destination
        FROM unnest(
          ${column('partition')}::int[], ${column('streamEpoch')}::text[], ${column('leaseEpoch')}::bigint[],
          ${moves.map(({ from }) => from)}::bigint[], ${moves.map(({ to }) => to)}::bigint[]
        ) AS given (partition, stream_epoch, lease_epoch, origin, destination)
        WHERE position.consumer = ${consumer} AND position.partition = given.partition AND position.stream_epoch = given.stream_epoch
          AND position.lease_epoch = given.lease_epoch AND position.position = given.origin
        RETURNING position.partition, position.position
      ), forgotten AS (
        DELETE FROM attempt USING moved
        WHERE attempt.consumer = ${consumer} AND attempt.partition = moved.partition AND attempt.position <= moved.position
      )
      SELECT (SELECT array_agg(partition) FROM moved) AS moved, ARRAY(
        SELECT DISTINCT key FROM parked WHERE consumer = ${consumer} AND source = 'event' AND key = ANY (${[...keys]}::text[])
      ) AS parked`.execute(trx);
    return { moved: new Set(rows[0]?.moved ?? []), parked: new Set(rows[0]?.parked ?? []) };
  }

  /** The last sequence of each key that a consumer has handled. */
  async sequences<Tables>(
    trx: Trx<Tables>,
    consumer: string,
    keys: readonly string[],
  ): Promise<Map<string, number>> {
    const { rows } = await sql<{ key: string; sequence: number }>`
      SELECT key, sequence FROM key_sequence WHERE consumer = ${consumer} AND key = ANY (${[...keys]}::text[])`.execute(
      trx,
    );
    return new Map(rows.map((row) => [row.key, row.sequence]));
  }

  async saveSequences<Tables>(
    trx: Trx<Tables>,
    consumer: string,
    rows: readonly { key: string; spaceId: string; sequence: number }[],
  ): Promise<void> {
    if (rows.length === 0) return;
    await sql`
      INSERT INTO key_sequence (consumer, key, space_id, sequence)
      SELECT ${consumer}, * FROM unnest(
        ${rows.map((row) => row.key)}::text[], ${rows.map((row) => row.spaceId)}::text[], ${rows.map((row) => row.sequence)}::bigint[])
      ON CONFLICT (consumer, key) DO UPDATE SET sequence = greatest(key_sequence.sequence, excluded.sequence)`.execute(
      trx,
    );
  }

  /** Which of these events are new to a consumer; they are marked as seen. */
  async markReceived<Tables>(
    trx: Trx<Tables>,
    consumer: string,
    events: readonly { id: string; spaceId: string }[],
  ): Promise<Set<string>> {
    const { rows } = await sql<{ event_id: string }>`
      INSERT INTO inbox (consumer, event_id, space_id)
      SELECT ${consumer}, * FROM unnest(${events.map((event) => event.id)}::text[], ${events.map((event) => event.spaceId)}::text[])
      ON CONFLICT DO NOTHING RETURNING event_id`.execute(trx);
    return new Set(rows.map((row) => row.event_id));
  }

  /** Attempts that holders before have begun and not ended, by the event's position. */
  async attempts({ consumer, partition }: ConsumerPartition): Promise<Map<number, number>> {
    const { rows } = await sql<{ position: number; attempts: number }>`
      SELECT position, attempts FROM attempt WHERE consumer = ${consumer} AND partition = ${partition}`.execute(
      this.runner.kysely,
    );
    return new Map(rows.map((row) => [row.position, row.attempts]));
  }

  /** Counts an attempt before it is made, so that one which ends the process counts. */
  async countAttempt(where: ConsumerPartition, position: number): Promise<number> {
    const { rows } = await sql<{ attempts: number }>`
      INSERT INTO attempt (consumer, partition, position, attempts) VALUES (${where.consumer}, ${where.partition}, ${position}, 1)
      ON CONFLICT (consumer, partition, position) DO UPDATE SET attempts = attempt.attempts + 1 RETURNING attempts`.execute(
      this.runner.kysely,
    );
    return rows[0]?.attempts ?? 1;
  }

  /** An attempt that failed for the machinery's sake does not count. */
  async discountAttempt(where: ConsumerPartition, position: number): Promise<void> {
    await sql`
      UPDATE attempt SET attempts = greatest(0, attempts - 1)
      WHERE consumer = ${where.consumer} AND partition = ${where.partition} AND position = ${position}`.execute(
      this.runner.kysely,
    );
  }
}
