import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx, MessageRow } from '../database.ts';
import { MessageTermsRepository } from '../search/message-terms.repository.ts';

/** Key of a call in its conversation. */
export interface CallKey {
  spaceId: string;
  conversationId: string;
  callId: string;
}

/** The messages of calls. */
@Injectable()
export class TranscriptsRepository {
  constructor(private readonly search: MessageTermsRepository) {}

  /** Deletes the texts of a call's messages, also from events. @returns the emptied messages */
  async deleteTranscript(
    trx: ConversationTrx,
    { spaceId, conversationId, callId }: CallKey,
  ): Promise<MessageRow[]> {
    const { rows } = await sql<MessageRow>`
      UPDATE message SET parts = '[]', citations = '[]', speech = NULL, deleted_at = now(), edited_at = now(), updated_at = now()
      WHERE space_id = ${spaceId} AND conversation_id = ${conversationId} AND deleted_at IS NULL AND (
        metadata->'voice'->>'callId' = ${callId} OR speech->>'callId' = ${callId} OR reply_to IN (
          SELECT id FROM message
          WHERE space_id = ${spaceId} AND conversation_id = ${conversationId} AND metadata->'voice'->>'callId' = ${callId}))
      RETURNING *`.execute(trx);
    if (rows.length > 0)
      await this.deleteCopies(trx, { spaceId, conversationId, ids: rows.map(({ id }) => id) });
    return rows.toSorted((left, right) => left.sequence - right.sequence);
  }

  private async deleteCopies(
    trx: ConversationTrx,
    { spaceId, conversationId, ids }: { spaceId: string; conversationId: string; ids: string[] },
  ): Promise<void> {
    await this.search.forget(trx, spaceId, ids);
    await sql`DELETE FROM message_version WHERE space_id = ${spaceId} AND message_id = ANY (${ids}::text[])`.execute(
      trx,
    );
    await sql`
      DELETE FROM awaited_speech
      WHERE space_id = ${spaceId} AND conversation_id = ${conversationId} AND message_id = ANY (${ids}::text[])`.execute(
      trx,
    );
    await sql`
      UPDATE event SET data = (data - 'heard') || jsonb_build_object(
        'message', (data->'message') || '{"parts": [], "citations": [], "speech": null}'::jsonb)
      WHERE space_id = ${spaceId} AND key = ${conversationId} AND data->'message'->>'id' = ANY (${ids}::text[])`.execute(
      trx,
    );
  }
}
