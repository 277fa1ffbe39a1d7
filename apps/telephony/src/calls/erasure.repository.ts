import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { TelephonyTrx } from '../database.ts';

/** What stands in place of the address of a person who was erased. */
export const ERASED_ADDRESS = 'erased';

/** Where a person's address stands: in calls, what their jobs are told, and the history of their events. */
@Injectable()
export class ErasureRepository {
  /** Whoever was erased: in the calls of the conversation, and in those that nobody took up. */
  async erase(trx: TelephonyTrx, spaceId: string, conversationId: string): Promise<void> {
    await this.eraseEvents(trx, spaceId, await this.eraseUnanswered(trx, spaceId, conversationId));
    await this.eraseCaller(trx, spaceId, conversationId);
  }

  /** When which turn was said in the calls of a conversation. */
  async forgetTurns(trx: TelephonyTrx, spaceId: string, conversationId: string): Promise<void> {
    await sql`
      DELETE FROM call_turn USING call
      WHERE call.space_id = ${spaceId} AND call.conversation_id = ${conversationId}
        AND call_turn.space_id = call.space_id AND call_turn.call_id = call.id`.execute(trx);
  }

  /** Where the person stands in the calls of a conversation. */
  async eraseCaller(trx: TelephonyTrx, spaceId: string, conversationId: string): Promise<void> {
    const { rows } = await sql<{ id: string }>`
      UPDATE call SET contact_id = NULL, reason = NULL, metadata = '{}', updated_at = now(),
        from_address = CASE direction WHEN 'inbound' THEN ${ERASED_ADDRESS} ELSE from_address END,
        to_address = CASE direction WHEN 'inbound' THEN to_address ELSE ${ERASED_ADDRESS} END,
        job = job || jsonb_build_object('contactId', NULL, 'sender', jsonb_build_object('id', ${ERASED_ADDRESS}::text, 'name', NULL))
      WHERE space_id = ${spaceId} AND conversation_id = ${conversationId} RETURNING id`.execute(trx);
    await this.eraseEvents(
      trx,
      spaceId,
      rows.map(({ id }) => id),
    );
  }

  private async eraseEvents(trx: TelephonyTrx, spaceId: string, callIds: readonly string[]): Promise<void> {
    await sql`
      UPDATE event SET data = data || jsonb_build_object(
        CASE data->>'direction' WHEN 'inbound' THEN 'from' ELSE 'to' END, ${ERASED_ADDRESS}::text)
      WHERE space_id = ${spaceId} AND key = ANY (${[...callIds]}::text[]) AND data ?& ARRAY['from', 'to']`.execute(
      trx,
    );
  }

  /** Calls to the person that nobody took up have no conversation: the number is what they share with those that do. */
  private async eraseUnanswered(
    trx: TelephonyTrx,
    spaceId: string,
    conversationId: string,
  ): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      UPDATE call SET reason = NULL, to_address = ${ERASED_ADDRESS}, updated_at = now(),
        job = job || jsonb_build_object('sender', jsonb_build_object('id', ${ERASED_ADDRESS}::text, 'name', NULL))
      WHERE space_id = ${spaceId} AND direction = 'outbound' AND phase = 'ended' AND conversation_id IS NULL AND to_address IN (
        SELECT CASE direction WHEN 'inbound' THEN from_address ELSE to_address END FROM call
        WHERE space_id = ${spaceId} AND conversation_id = ${conversationId})
      RETURNING id`.execute(trx);
    return rows.map(({ id }) => id);
  }
}
