import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx, MessageRow, StoredSpeech } from '../database.ts';

/** What was spoken of a message that is not stored yet. */
export interface AwaitedSpeech {
  spaceId: string;
  conversationId: string;
  messageId: string;
  speech: StoredSpeech;
}

/** A message that has not come for so long comes no more. */
const AWAITED_HOURS = 24;

@Injectable()
export class SpeechRepository {
  /** Saves how messages were spoken. */
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

  /** What waits in these conversations, which are locked. */
  async awaited(trx: ConversationTrx, conversationIds: readonly string[]): Promise<AwaitedSpeech[]> {
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

  /** Lets what was spoken wait for its messages; their conversations are locked. */
  async await(trx: ConversationTrx, speeches: readonly AwaitedSpeech[]): Promise<void> {
    if (speeches.length === 0) return;
    const ids = speeches.map(({ conversationId }) => conversationId);
    await sql`
      DELETE FROM awaited_speech
      WHERE conversation_id = ANY (${ids}::text[]) AND created_at < now() - make_interval(hours => ${AWAITED_HOURS})`.execute(
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

  /** Forgets what messages have received by now. */
  async forget(trx: ConversationTrx, conversationIds: readonly string[]): Promise<void> {
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
