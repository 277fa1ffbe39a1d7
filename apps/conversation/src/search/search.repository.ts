import { Injectable } from '@nestjs/common';
import type { Author } from '@parley/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { ConversationTrx, MessageRow } from '../database.ts';
import type { FuzzyTerms, SearchQuery } from './search-query.ts';

/** Messages that may be seen, between these bounds. */
export interface SearchScope {
  spaceId: string;
  /** Of direct rooms those of this account alone. */
  readerId: string | null;
  /** Ids between which a message lies; the upper one is left out. */
  below: string | null;
  above: string | null;
  since: Date | null;
  until: Date | null;
  limit: number;
}

/** Matches that a search has seen before it goes on. */
export interface SeenMatches {
  /** The id of the first one; null before the first search. */
  newest: string | null;
  count: number;
}

/** What filters messages that have no terms yet. */
export interface MessageFilter {
  author: string | null;
  authorType: Author['type'] | null;
  channelId: string | null;
  hasFile: boolean | null;
}

/** Messages that are looked at, at most, for each one that is found among those without terms. */
const UNSEGMENTED_PAGE = 200;

@Injectable()
export class SearchRepository {
  /** Messages with the terms of a query, newest first; behind those that were seen before. */
  async find(
    trx: ConversationTrx,
    { terms, keys }: Pick<SearchQuery, 'terms' | 'keys'>,
    scope: SearchScope,
    seen: SeenMatches,
  ): Promise<MessageRow[]> {
    return this.rows(
      trx,
      scope.spaceId,
      sql`search_message_terms(${scope.spaceId}, ${terms}, ${keys}::text[], ${scope.readerId}, ${scope.below}, ${scope.above},
        ${scope.since}::timestamptz, ${scope.until}::timestamptz, ${scope.limit}::integer,
        ${seen.newest}, ${seen.count}::integer)`,
    );
  }

  /** New messages with words much like those of a query, newest first. */
  async findAlike(trx: ConversationTrx, fuzzy: FuzzyTerms, scope: SearchScope): Promise<MessageRow[]> {
    return this.rows(
      trx,
      scope.spaceId,
      sql`search_message_fuzzy(${scope.spaceId}, ${fuzzy.terms}, ${fuzzy.pieces}::tsquery[], ${fuzzy.words}::integer[],
        ${fuzzy.needs}::integer[], ${scope.readerId}, ${scope.above}, ${scope.below},
        ${scope.since}::timestamptz, ${scope.until}::timestamptz, ${scope.limit}::integer)`,
    );
  }

  /**
   * Messages by the search of the version before, which reads the messages themselves: while not all of them have terms.
   * Where filters leave few of a page, `next` is where to go on.
   */
  async findUnsegmented(
    trx: ConversationTrx,
    words: string | null,
    filter: MessageFilter,
    scope: SearchScope,
  ): Promise<{ rows: MessageRow[]; next: string | null }> {
    const { spaceId, readerId, below } = scope;
    const pattern = `%${(words ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`;
    const found =
      words === null
        ? sql`SELECT id AS message_id FROM message WHERE space_id = ${spaceId} AND (${below}::text IS NULL OR id < ${below}) ORDER BY id DESC LIMIT ${UNSEGMENTED_PAGE}`
        : sql`SELECT message_id FROM search_messages_for(${spaceId}, ${words}, ${pattern}, ${below}, ${UNSEGMENTED_PAGE}::integer, ${readerId})`;
    const { rows } = await sql<MessageRow & { passes: boolean }>`
      SELECT m.*, ${passes(filter, scope)} AS passes
      FROM (${found}) AS found
      JOIN message m ON m.space_id = ${spaceId} AND m.id = found.message_id
      JOIN conversation c ON c.space_id = m.space_id AND c.id = m.conversation_id
      ORDER BY m.id DESC`.execute(trx);
    const next = rows.length < UNSEGMENTED_PAGE ? null : (rows.at(-1)?.id ?? null);
    return { rows: rows.filter((row) => row.passes), next };
  }

  /** The contact that this id means now: a merged one is another. */
  async contactNow(trx: ConversationTrx, spaceId: string, id: string): Promise<string> {
    const row = await trx
      .selectFrom('contact')
      .select('merged_into')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.merged_into ?? id;
  }

  private async rows(
    trx: ConversationTrx,
    spaceId: string,
    found: RawBuilder<unknown>,
  ): Promise<MessageRow[]> {
    // `OFFSET 0` has them looked up one by one, whatever the planner believes of the tables.
    const { rows } = await sql<MessageRow>`
      SELECT message.* FROM ${found} AS found
      CROSS JOIN LATERAL (
        SELECT * FROM message
        WHERE message.space_id = ${spaceId} AND message.id = found.message_id AND message.deleted_at IS NULL OFFSET 0
      ) AS message
      ORDER BY message.id DESC`.execute(trx);
    return rows;
  }
}

function passes(filter: MessageFilter, { readerId, since, until }: SearchScope): RawBuilder<unknown> {
  const { author, authorType, channelId, hasFile } = filter;
  const conditions = [
    sql`m.deleted_at IS NULL`,
    sql`(c.audience IS NULL OR coalesce(c.audience ? ${readerId}, false))`,
    since && sql`m.created_at >= ${since}`,
    until && sql`m.created_at < ${until}`,
    author !== null &&
      sql`${author} IN (m.author->>'contactId', m.author->>'accountId', m.author->>'agentId', m.author->>'spaceId')`,
    authorType !== null && sql`m.author->>'type' = ${authorType}`,
    channelId !== null && sql`m.channel_id = ${channelId}`,
    hasFile !== null && sql`(m.parts @> '[{"type": "attachment"}]') = ${hasFile}`,
  ];
  return sql`coalesce(${sql.join(
    conditions.filter((condition) => condition !== null && condition !== false),
    sql` AND `,
  )}, false)`;
}
