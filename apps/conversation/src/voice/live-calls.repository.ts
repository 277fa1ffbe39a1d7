import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx } from '../database.ts';

/** A call whose end was never told counts as over after so long. */
const LONGEST_CALL_HOURS = 24;

/** The end of a call is remembered so long: its opening may come later. */
const KEPT_HOURS = 24;

/** Which calls go on, and in which conversations. */
@Injectable()
export class LiveCallsRepository {
  /** Whether another call goes on in a conversation, which is locked. */
  async isTaken(
    trx: ConversationTrx,
    of: { spaceId: string; conversationId: string },
    callId: string | null,
  ): Promise<boolean> {
    const { rows } = await sql`
      SELECT FROM live_call
      WHERE space_id = ${of.spaceId} AND conversation_id = ${of.conversationId} AND ended_at IS NULL
        AND call_id IS DISTINCT FROM ${callId} AND opened_at > now() - make_interval(hours => ${LONGEST_CALL_HOURS})
      LIMIT 1`.execute(trx);
    return rows.length > 0;
  }

  /** Whether a call goes on in any of these conversations, which are locked. */
  async goOn(trx: ConversationTrx, spaceId: string, conversationIds: readonly string[]): Promise<boolean> {
    const { rows } = await sql`
      SELECT FROM live_call
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${[...conversationIds]}::text[]) AND ended_at IS NULL
        AND opened_at > now() - make_interval(hours => ${LONGEST_CALL_HOURS})
      LIMIT 1`.execute(trx);
    return rows.length > 0;
  }

  /** Notes that a call goes on in a conversation; one that is over already stays so. */
  async begin(
    trx: ConversationTrx,
    { spaceId, callId, conversationId }: { spaceId: string; callId: string; conversationId: string },
  ): Promise<void> {
    await sql`
      INSERT INTO live_call (space_id, call_id, conversation_id) VALUES (${spaceId}, ${callId}, ${conversationId})
      ON CONFLICT (space_id, call_id) DO UPDATE SET conversation_id = excluded.conversation_id`.execute(trx);
  }

  /** Notes that calls are over. */
  async end(trx: ConversationTrx, calls: readonly { spaceId: string; callId: string }[]): Promise<void> {
    if (calls.length === 0) return;
    const spaces = calls.map(({ spaceId }) => spaceId);
    await sql`
      INSERT INTO live_call (space_id, call_id, ended_at)
      SELECT DISTINCT space_id, call_id, now() FROM unnest(${spaces}::text[], ${calls.map(({ callId }) => callId)}::text[]) AS given (space_id, call_id)
      ON CONFLICT (space_id, call_id) DO UPDATE SET ended_at = coalesce(live_call.ended_at, excluded.ended_at)`.execute(
      trx,
    );
    await sql`
      DELETE FROM live_call
      WHERE space_id = ANY (${spaces}::text[]) AND coalesce(ended_at, opened_at) < now() - make_interval(hours => ${KEPT_HOURS + LONGEST_CALL_HOURS})`.execute(
      trx,
    );
  }
}
