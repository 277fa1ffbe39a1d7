import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ConversationTrx } from '../database.ts';
import { MessageTermsRepository } from '../search/message-terms.repository.ts';

/** What stands in place of a person who was erased. */
export const ERASED_NAME = 'Erased contact';

/** A contact, and its conversations, which are locked. */
export interface Traces {
  spaceId: string;
  contactId: string;
  conversationIds: readonly string[];
}

/** Where a contact stands beside its own row: in messages, the history of events, rooms and read markers. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly search: MessageTermsRepository) {}

  /** Messages lose their author, the history every name, id and address of the contact. */
  async anonymise(trx: ConversationTrx, { spaceId, contactId, conversationIds }: Traces): Promise<void> {
    const ids = [...conversationIds];
    const author = JSON.stringify({ type: 'contact', contactId: null, name: ERASED_NAME });
    const nobody = JSON.stringify({ contactId: null, name: ERASED_NAME });
    await this.search.replaceAuthor(trx, { spaceId, conversationIds: ids, authorId: contactId }, null);
    await sql`
      UPDATE message SET author = ${author}::jsonb, metadata = '{}', updated_at = now()
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${ids}::text[]) AND author->>'contactId' = ${contactId}`.execute(
      trx,
    );
    await this.dropReactions(trx, { spaceId, contactId, conversationIds });
    await sql`
      UPDATE event SET data = data
        || CASE WHEN data->>'contactId' = ${contactId} THEN '{"contactId": null}'::jsonb ELSE '{}' END
        || CASE WHEN data ? 'origin' THEN jsonb_build_object('origin', (data->'origin') || '{"senderId": null}') ELSE '{}' END
        || CASE WHEN data->'message'->'author'->>'contactId' = ${contactId} THEN
             jsonb_build_object('message', (data->'message') || jsonb_build_object('author', ${author}::jsonb, 'metadata', '{}'::jsonb)) ELSE '{}' END
        || CASE WHEN data->'by'->>'contactId' = ${contactId} THEN jsonb_build_object('by', ${author}::jsonb) ELSE '{}' END
        || CASE WHEN data->'participant'->>'contactId' = ${contactId} THEN
             jsonb_build_object('participant', (data->'participant') || ${nobody}::jsonb) ELSE '{}' END
        || CASE WHEN data ? 'participants' THEN jsonb_build_object('participants', (
             SELECT coalesce(jsonb_agg(CASE WHEN one->>'contactId' = ${contactId} THEN one || ${nobody}::jsonb ELSE one END), '[]')
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

  private async dropReactions(
    trx: ConversationTrx,
    { spaceId, contactId, conversationIds }: Traces,
  ): Promise<void> {
    const mine = JSON.stringify([{ contactId }]);
    await sql`
      UPDATE message SET reactions = (
        SELECT coalesce(jsonb_agg(one), '[]') FROM jsonb_array_elements(reactions) AS one WHERE one->>'contactId' IS DISTINCT FROM ${contactId})
      WHERE space_id = ${spaceId} AND conversation_id = ANY (${[...conversationIds]}::text[]) AND reactions @> ${mine}::jsonb`.execute(
      trx,
    );
  }

  /** Messages, conversations, read markers and identities of one contact become another's. */
  async reassign(
    trx: ConversationTrx,
    { spaceId, contactId, conversationIds }: Traces,
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

  /** Takes everything personal out of the events of contacts themselves: of this one, and of those that became part of it. */
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
