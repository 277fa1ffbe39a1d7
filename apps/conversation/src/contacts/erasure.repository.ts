import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx } from '../database.ts';
import { MessageTermsRepository } from '../search/message-terms.repository.ts';

/** Name shown for an erased contact. */
export const ERASED_NAME = 'Erased contact';

/** A contact and its conversations. The conversations are locked. */
export interface ContactReferences {
  spaceId: string;
  contactId: string;
  conversationIds: readonly string[];
}

/** References to a contact in messages, events, conversations and read markers. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly search: MessageTermsRepository) {}

  /** Removes the author from messages, and the contact's names, ids and addresses from events. */
  async anonymizeReferences(
    trx: ConversationTrx,
    { spaceId, contactId, conversationIds }: ContactReferences,
  ): Promise<void> {
    const ids = [...conversationIds];
    const author = JSON.stringify({ type: 'contact', contactId: null, name: ERASED_NAME });
    const erasedParticipant = JSON.stringify({ contactId: null, name: ERASED_NAME });
    await this.search.replaceAuthor(trx, { spaceId, conversationIds: ids, authorId: contactId }, null);
    await sql`
      UPDATE message SET author = ${author}::jsonb, metadata = '{}', updated_at = now()
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) AND author->>'contactId' = ${contactId}`.execute(
      trx,
    );
    await this.deleteReactions(trx, { spaceId, contactId, conversationIds });
    await sql`
      UPDATE event SET data = data
        || CASE WHEN data->>'contactId' = ${contactId} THEN '{"contactId": null}'::jsonb ELSE '{}' END
        || CASE WHEN data ? 'origin' THEN jsonb_build_object('origin', (data->'origin') || '{"senderId": null}') ELSE '{}' END
        || CASE WHEN data->'message'->'author'->>'contactId' = ${contactId} THEN
             jsonb_build_object('message', (data->'message') || jsonb_build_object('author', ${author}::jsonb, 'metadata', '{}'::jsonb)) ELSE '{}' END
        || CASE WHEN data->'by'->>'contactId' = ${contactId} THEN jsonb_build_object('by', ${author}::jsonb) ELSE '{}' END
        || CASE WHEN data->'participant'->>'contactId' = ${contactId} THEN
             jsonb_build_object('participant', (data->'participant') || ${erasedParticipant}::jsonb) ELSE '{}' END
        || CASE WHEN data ? 'participants' THEN jsonb_build_object('participants', (
             SELECT coalesce(jsonb_agg(CASE WHEN one->>'contactId' = ${contactId} THEN one || ${erasedParticipant}::jsonb ELSE one END), '[]')
             FROM jsonb_array_elements(data->'participants') AS one)) ELSE '{}' END
      WHERE space_id = ${spaceId} AND key = ANY (${ids}::text[])`.execute(trx);
    await sql`
      UPDATE conversation SET contact_id = NULL, sender_id = NULL, updated_at = now()
      WHERE space_id = ${spaceId} AND id = ANY (${ids}::text[]) AND contact_id = ${contactId}`.execute(trx);
    await sql`
      DELETE FROM read_marker
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) AND reader_id = ${contactId}`.execute(
      trx,
    );
  }

  private async deleteReactions(
    trx: ConversationTrx,
    { spaceId, contactId, conversationIds }: ContactReferences,
  ): Promise<void> {
    const mine = JSON.stringify([{ contactId }]);
    await sql`
      UPDATE message SET reactions = (
        SELECT coalesce(jsonb_agg(one), '[]') FROM jsonb_array_elements(reactions) AS one WHERE one->>'contactId' IS DISTINCT FROM ${contactId})
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${[...conversationIds]}::text[]) AND reactions @> ${mine}::jsonb`.execute(
      trx,
    );
  }

  /** Moves messages, conversations, read markers and identities to another contact. */
  async reassignReferences(
    trx: ConversationTrx,
    { spaceId, contactId, conversationIds }: ContactReferences,
    to: string,
  ): Promise<void> {
    const ids = [...conversationIds];
    await this.search.replaceAuthor(trx, { spaceId, conversationIds: ids, authorId: contactId }, to);
    await sql`
      UPDATE message SET author = author || jsonb_build_object('contactId', ${to}::text), updated_at = now()
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) AND author->>'contactId' = ${contactId}`.execute(
      trx,
    );
    await sql`
      UPDATE conversation SET contact_id = ${to}, updated_at = now()
      WHERE space_id = ${spaceId} AND id = ANY (${ids}::text[]) AND contact_id = ${contactId}`.execute(trx);
    await sql`
      INSERT INTO read_marker (space_id, conversation_id, reader_id, sequence, read_at)
      SELECT space_id, conversation_id, ${to}, sequence, read_at FROM read_marker
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) AND reader_id = ${contactId}
      ON CONFLICT (space_id, conversation_id, reader_id) DO UPDATE SET sequence = greatest(read_marker.sequence, excluded.sequence)`.execute(
      trx,
    );
    await sql`
      DELETE FROM read_marker
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) AND reader_id = ${contactId}`.execute(
      trx,
    );
    for (const table of ['contact_identity', 'contact_address'])
      await sql`
        UPDATE ${sql.table(table)} SET contact_id = ${to} WHERE space_id = ${spaceId} AND contact_id = ${contactId}`.execute(
        trx,
      );
  }

  /** Removes personal data from the contact events of this contact and of contacts merged into it. */
  async scrubEvents(trx: ConversationTrx, spaceId: string, contactId: string): Promise<void> {
    const blank = JSON.stringify({ name: null, identities: [], attributes: {}, metadata: {} });
    await sql`
      UPDATE event SET data = data || jsonb_build_object('contact', (data->'contact') || ${blank}::jsonb)
      WHERE space_id = ${spaceId} AND data ? 'contact' AND key IN (
        SELECT id FROM contact WHERE space_id = ${spaceId} AND (id = ${contactId} OR merged_into = ${contactId}))`.execute(
      trx,
    );
  }
}
