import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type {
  CallChange,
  CallPhase,
  CallRow,
  LiveCall,
  NewCallRow,
  PhaseRow,
  TelephonyTrx,
} from '../database.ts';

/** What a list of calls is narrowed to. */
export interface CallFilter {
  limit: number;
  before: string | null;
  conversationId: string | undefined;
  channelId: string | undefined;
  phase: CallPhase | undefined;
}

@Injectable()
export class CallsRepository {
  /** Undefined when a call of that id stands, in this space or in another. */
  async insert(trx: TelephonyTrx, row: NewCallRow): Promise<CallRow | undefined> {
    return trx
      .insertInto('call')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
  }

  async find(trx: TelephonyTrx, spaceId: string, id: string): Promise<CallRow | undefined> {
    return trx
      .selectFrom('call')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async lock(trx: TelephonyTrx, spaceId: string, id: string): Promise<CallRow | undefined> {
    return trx
      .selectFrom('call')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  /** The call that a carrier knows by this id. */
  async idOfProvider(
    trx: TelephonyTrx,
    of: { spaceId: string; channelId: string; providerCallId: string },
  ): Promise<string | null> {
    const found = await trx
      .selectFrom('call')
      .select('id')
      .where('space_id', '=', of.spaceId)
      .where('channel_id', '=', of.channelId)
      .where('provider_call_id', '=', of.providerCallId)
      .executeTakeFirst();
    return found?.id ?? null;
  }

  async list(trx: TelephonyTrx, spaceId: string, filter: CallFilter): Promise<CallRow[]> {
    const { limit, before, conversationId, channelId, phase } = filter;
    let query = trx.selectFrom('call').selectAll().where('space_id', '=', spaceId);
    if (before) query = query.where('id', '<', before);
    if (conversationId) query = query.where('conversation_id', '=', conversationId);
    if (channelId) query = query.where('channel_id', '=', channelId);
    if (phase) query = query.where('phase', '=', phase);
    return query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
  }

  async update(trx: TelephonyTrx, row: CallRow, change: CallChange): Promise<CallRow> {
    return trx
      .updateTable('call')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async addPhase(trx: TelephonyTrx, row: CallRow, phase: CallPhase, at: Date): Promise<void> {
    await trx
      .insertInto('call_phase')
      .values({ space_id: row.space_id, call_id: row.id, phase, at })
      .execute();
  }

  async phases(trx: TelephonyTrx, row: CallRow): Promise<PhaseRow[]> {
    return trx
      .selectFrom('call_phase')
      .selectAll()
      .where('space_id', '=', row.space_id)
      .where('call_id', '=', row.id)
      .orderBy('no')
      .execute();
  }

  /** The space a call belongs to, whatever the transaction's; null for a call nobody knows. */
  async spaceOf(trx: TelephonyTrx, callId: string): Promise<string | null> {
    const { rows } = await sql<{ space: string | null }>`SELECT space_of_call(${callId}) AS space`.execute(
      trx,
    );
    return rows[0]?.space ?? null;
  }

  /**
   * How many calls a space has placed that go on, and since a moment, and how many lines all spaces take; under a lock that
   * others of the space wait for.
   */
  async countPlaced(
    trx: TelephonyTrx,
    spaceId: string,
    since: Date,
  ): Promise<{ live: number; recent: number; lines: number }> {
    await sql`SELECT pg_advisory_xact_lock(hashtext('calls_out'), hashtext(${spaceId}))`.execute(trx);
    const { rows } = await sql<{ live: number; recent: number; lines: number }>`
      SELECT (SELECT count(*)::int FROM call WHERE space_id = ${spaceId} AND direction = 'outbound' AND phase <> 'ended') AS live,
        (SELECT count(*)::int FROM call WHERE space_id = ${spaceId} AND direction = 'outbound' AND started_at > ${since}) AS recent,
        lines_taken() AS lines`.execute(trx);
    return rows[0] ?? { live: 0, recent: 0, lines: 0 };
  }

  /** Calls of all spaces that have not ended, but for those that are still dialled. */
  async live(trx: TelephonyTrx): Promise<LiveCall[]> {
    const { rows } = await sql<LiveCall>`
      SELECT space_id AS "spaceId", id, generation, answered, started_at AS "startedAt", dispatched_at AS "dispatchedAt" FROM live_calls()`.execute(
      trx,
    );
    return rows;
  }
}
