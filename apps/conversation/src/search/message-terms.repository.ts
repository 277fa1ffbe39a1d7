import { Injectable } from '@nestjs/common';
import { segmenterVersion } from '@parley/text';
import { sql } from 'kysely';
import type { ConversationTrx, MessageRow } from '../database.ts';
import { filterTerms, searchRowOf } from './message-terms.ts';

/** A message whose terms are missing, or of another version of the segmenter. */
export interface UnsegmentedRow
  extends Pick<
    MessageRow,
    'space_id' | 'id' | 'author' | 'parts' | 'channel_id' | 'created_at' | 'edited_at'
  > {
  audience: string[] | null;
  is_missing: boolean;
}

/** Writes the terms that messages are searched by. */
@Injectable()
export class MessageTermsRepository {
  /** Saves the terms of an edited message. */
  async save(trx: ConversationTrx, row: MessageRow): Promise<void> {
    const { terms } = searchRowOf(row, null);
    await sql`
      INSERT INTO message_search (space_id, message_id, audience, created_at, version, terms)
      SELECT ${row.space_id}, ${row.id}, audience, ${row.created_at}::timestamptz, ${segmenterVersion}, ${terms}::tsvector
      FROM conversation WHERE space_id = ${row.space_id} AND id = ${row.conversation_id}
      ON CONFLICT (space_id, message_id) DO UPDATE SET version = excluded.version, terms = excluded.terms`.execute(
      trx,
    );
  }

  async forget(trx: ConversationTrx, spaceId: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await sql`
      DELETE FROM message_search WHERE space_id = ${spaceId} AND message_id = ANY (${[...ids]}::text[])`.execute(
      trx,
    );
  }

  /** Messages of an author are found by another author, or by none. The messages are not changed yet. */
  async replaceAuthor(
    trx: ConversationTrx,
    of: { spaceId: string; conversationIds: readonly string[]; authorId: string },
    by: string | null,
  ): Promise<void> {
    const added = by === null ? [] : [filterTerms.author(by)];
    await sql`
      UPDATE message_search s
      SET terms = ts_delete(s.terms, ${filterTerms.author(of.authorId)}::text) || array_to_tsvector(${added}::text[])
      FROM message m
      WHERE m.space_id = ${of.spaceId} AND m.conversation_id = ANY (${[...of.conversationIds]}::text[])
        AND m.author->>'contactId' = ${of.authorId} AND s.space_id = m.space_id AND s.message_id = m.id`.execute(
      trx,
    );
  }

  /** A page of a space's messages, newest first, with whether their terms are there. */
  async page(
    trx: ConversationTrx,
    spaceId: string,
    { before, limit }: { before: string | null; limit: number },
  ): Promise<UnsegmentedRow[]> {
    const { rows } = await sql<UnsegmentedRow>`
      SELECT m.space_id, m.id, m.author, m.parts, m.channel_id, m.created_at, m.edited_at, c.audience,
        m.deleted_at IS NULL AND coalesce(s.version, 0) < ${segmenterVersion} AS is_missing
      FROM (
        SELECT * FROM message
        WHERE space_id = ${spaceId} AND (${before}::text IS NULL OR id < ${before}) ORDER BY id DESC LIMIT ${limit}
      ) AS m
      JOIN conversation c ON c.space_id = m.space_id AND c.id = m.conversation_id
      LEFT JOIN message_search s ON s.space_id = m.space_id AND s.message_id = m.id
      ORDER BY m.id DESC`.execute(trx);
    return rows;
  }

  /** Saves the terms of messages, unless they were deleted, edited or given another author since they were read. */
  async saveMissing(
    trx: ConversationTrx,
    rows: readonly UnsegmentedRow[],
    terms: readonly ReturnType<typeof searchRowOf>[],
  ): Promise<void> {
    if (rows.length === 0) return;
    await sql`
      WITH given AS (
        SELECT * FROM unnest(
          ${rows.map(({ id }) => id)}::text[], ${rows.map((row) => row.edited_at)}::timestamptz[],
          ${rows.map(({ author }) => JSON.stringify(author))}::jsonb[]) AS given (id, edited_at, author)
      ), unchanged AS MATERIALIZED (
        SELECT m.id FROM message m JOIN given ON given.id = m.id
        WHERE m.space_id = ${rows[0]?.space_id ?? ''} AND m.deleted_at IS NULL
          AND date_trunc('milliseconds', m.edited_at) IS NOT DISTINCT FROM given.edited_at AND m.author = given.author
        ORDER BY m.id FOR SHARE OF m
      ), found AS (
        SELECT * FROM unnest(
          ${terms.map((row) => row.space_id)}::text[], ${terms.map((row) => row.message_id)}::text[],
          ${terms.map((row) => row.audience)}::jsonb[], ${terms.map((row) => row.created_at)}::timestamptz[],
          ${terms.map((row) => row.version)}::int[], ${terms.map((row) => row.terms)}::tsvector[]
        ) AS found (space_id, message_id, audience, created_at, version, terms)
      )
      INSERT INTO message_search (space_id, message_id, audience, created_at, version, terms)
      SELECT found.* FROM found JOIN unchanged ON unchanged.id = found.message_id
      ON CONFLICT (space_id, message_id) DO UPDATE SET version = excluded.version, terms = excluded.terms
      WHERE message_search.version < excluded.version`.execute(trx);
  }

  /** Spaces with messages that this version of the segmenter has not read. */
  async spacesToSegment(trx: ConversationTrx): Promise<string[]> {
    const { rows } = await sql<{ space_id: string }>`
      SELECT space_id FROM spaces_to_segment(${segmenterVersion}) ORDER BY space_id`.execute(trx);
    return rows.map((row) => row.space_id);
  }

  /** Whether messages of the space have no terms yet, so that search has to read the messages themselves. */
  async isIncomplete(trx: ConversationTrx, spaceId: string): Promise<boolean> {
    const row = await trx
      .selectFrom('message_search_state')
      .select('version')
      .where('space_id', '=', spaceId)
      .executeTakeFirst();
    return row?.version === 0;
  }

  /**
   * Notes that all messages of a space are segmented. For some time after the upgrade processes of the version before may post
   * messages without terms: till then a space whose messages had none stays incomplete, and false is the answer.
   */
  async complete(trx: ConversationTrx, spaceId: string, settleSeconds: number): Promise<boolean> {
    const { rows } = await sql`
      INSERT INTO message_search_state (space_id, version) VALUES (${spaceId}, ${segmenterVersion})
      ON CONFLICT (space_id) DO UPDATE SET version = excluded.version
      WHERE message_search_state.version > 0 OR message_search_state.since < now() - make_interval(secs => ${settleSeconds})
      RETURNING 1`.execute(trx);
    return rows.length > 0;
  }

  /** Drops the index that was searched before, once no space needs it; does nothing while the table is busy. */
  async dropOldIndex(trx: ConversationTrx): Promise<void> {
    await sql`SELECT drop_message_words()`.execute(trx);
  }
}
