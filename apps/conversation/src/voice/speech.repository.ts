import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx, MessageRow, StoredSpeech } from '../database.ts';

/** Speech data of a message that is not stored yet. */
export interface PendingSpeech {
  spaceId: string;
  conversationId: string;
  messageId: string;
  speech: StoredSpeech;
}

/** How long pending speech data is kept. */
const RETENTION_HOURS = 24;

@Injectable()
export class SpeechRepository {
  /** Saves the speech data of messages. */
  async save(trx: ConversationTrx, rows: readonly MessageRow[]): Promise<void> {
    if (rows.length === 0) return;
    await sql`
      UPDATE message SET speech = given.speech, updated_at = given.updated_at
      FROM unnest(
        ${rows.map((row) => row.space_id)}::text[], ${rows.map((row) => row.id)}::text[],
        ${rows.map((row) => JSON.stringify(row.speech))}::jsonb[], ${rows.map((row) => row.updated_at)}::timestamptz[]
      ) AS given (space_id, id, speech, updated_at)
      WHERE message.space_id = given.space_id AND message.id = given.id`.execute(trx);
  }

  /** Lists the pending speech data of locked conversations. */
  async listPending(trx: ConversationTrx, conversationIds: readonly string[]): Promise<PendingSpeech[]> {
    if (conversationIds.length === 0) return [];
    const rows = await trx
      .selectFrom('awaited_speech')
      .selectAll()
      .where('conversation_id', 'in', [...conversationIds])
      .orderBy('created_at')
      .orderBy('message_id')
      .execute();
    return rows.map((row) => ({
      spaceId: row.space_id,
      conversationId: row.conversation_id,
      messageId: row.message_id,
      speech: row.speech,
    }));
  }

  /** Saves speech data until its messages are stored. The conversations are locked. */
  async savePending(trx: ConversationTrx, speeches: readonly PendingSpeech[]): Promise<void> {
    if (speeches.length === 0) return;
    const ids = speeches.map(({ conversationId }) => conversationId);
    await sql`
      DELETE FROM awaited_speech
      WHERE conversation_id = ANY (${ids}::text[]) AND created_at < now() - make_interval(hours => ${RETENTION_HOURS})`.execute(
      trx,
    );
    await sql`
      INSERT INTO awaited_speech (space_id, conversation_id, message_id, speech)
      SELECT * FROM unnest(
        ${speeches.map(({ spaceId }) => spaceId)}::text[], ${ids}::text[],
        ${speeches.map(({ messageId }) => messageId)}::text[], ${speeches.map(({ speech }) => JSON.stringify(speech))}::jsonb[])
      ON CONFLICT (space_id, conversation_id, message_id) DO UPDATE SET speech = excluded.speech`.execute(
      trx,
    );
    await sql`UPDATE conversation SET awaits_speech = true WHERE id = ANY (${ids}::text[])`.execute(trx);
  }

  /** Deletes pending speech data whose messages are stored. */
  async deleteDelivered(trx: ConversationTrx, conversationIds: readonly string[]): Promise<void> {
    const ids = [...conversationIds];
    await sql`
      DELETE FROM awaited_speech USING message
      WHERE awaited_speech.conversation_id = ANY (${ids}::text[])
        AND message.space_id = awaited_speech.space_id AND message.id = awaited_speech.message_id`.execute(
      trx,
    );
    await sql`
      UPDATE conversation SET awaits_speech = false
      WHERE id = ANY (${ids}::text[]) AND NOT EXISTS (
        SELECT FROM awaited_speech
        WHERE awaited_speech.space_id = conversation.space_id AND awaited_speech.conversation_id = conversation.id)`.execute(
      trx,
    );
  }
}
