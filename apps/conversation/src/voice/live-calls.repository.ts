import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx } from '../database.ts';

/** A call without an end event counts as ended after this time. */
const MAX_CALL_HOURS = 24;

/** How long ends of calls are kept, because the opening of a call can arrive later. */
const RETENTION_HOURS = 24;

/** The live calls of conversations. */
@Injectable()
export class LiveCallsRepository {
  /** Whether a locked conversation has another live call. */
  async hasOtherCall(
    trx: ConversationTrx,
    conversation: { spaceId: string; conversationId: string },
    callId: string | null,
  ): Promise<boolean> {
    const { rows } = await sql`
      SELECT FROM live_call
      WHERE space_id = ${conversation.spaceId} AND conversation_id = ${conversation.conversationId} AND ended_at IS NULL
        AND call_id IS DISTINCT FROM ${callId} AND opened_at > now() - make_interval(hours => ${MAX_CALL_HOURS})
      LIMIT 1`.execute(trx);
    return rows.length > 0;
  }

  /** Whether any of these locked conversations has a live call. */
  async hasLiveCall(
    trx: ConversationTrx,
    spaceId: string,
    conversationIds: readonly string[],
  ): Promise<boolean> {
    const { rows } = await sql`
      SELECT FROM live_call
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${[...conversationIds]}::text[]) AND ended_at IS NULL
        AND opened_at > now() - make_interval(hours => ${MAX_CALL_HOURS})
      LIMIT 1`.execute(trx);
    return rows.length > 0;
  }

  /** Records the start of a call. A call that has ended stays ended. */
  async recordStart(
    trx: ConversationTrx,
    { spaceId, callId, conversationId }: { spaceId: string; callId: string; conversationId: string },
  ): Promise<void> {
    await sql`
      INSERT INTO live_call (space_id, call_id, conversation_id) VALUES (${spaceId}, ${callId}, ${conversationId})
      ON CONFLICT (space_id, call_id) DO UPDATE SET conversation_id = excluded.conversation_id`.execute(trx);
  }

  /** Records the ends of calls. */
  async recordEnds(
    trx: ConversationTrx,
    calls: readonly { spaceId: string; callId: string }[],
  ): Promise<void> {
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
      WHERE space_id = ANY (${spaces}::text[]) AND coalesce(ended_at, opened_at) < now() - make_interval(hours => ${RETENTION_HOURS + MAX_CALL_HOURS})`.execute(
      trx,
    );
  }
}
