import { Injectable } from '@nestjs/common';
import { anyOfTexts } from '@parley/database';
import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { ConversationRow, ConversationTrx, EventTable, MessageRow } from '../database.ts';
import { MessageTermsRepository } from '../search/message-terms.repository.ts';

export interface MessagePage {
  spaceId: string;
  conversationId: string;
  limit: number;
  after: number | null;
  before: number | null;
  withInternal: boolean;
}

type ConversationKey = Pick<ConversationRow, 'space_id' | 'id'>;

/** Unread messages are counted among this many of the newest: what is shown as "99+" need not be exact. */
const UNREAD_WINDOW = 200;

/** Messages that one reading marks at most: the newest. */
const READ_AT_ONCE = 200;

/** Readers of a conversation who are named at most. */
const MOST_READERS = 1000;

/** The largest sequence there can be (the column's type). */
const LAST_SEQUENCE = 2 ** 31 - 1;

@Injectable()
export class MessagesRepository {
  constructor(private readonly search: MessageTermsRepository) {}

  /** Which of these provider ids are known already, also of messages that were deleted with their conversation. */
  async knownProviderIds(
    trx: ConversationTrx,
    channelIds: readonly string[],
    ids: readonly string[],
  ): Promise<Set<string>> {
    const rows = await trx
      .selectFrom('message')
      .select(['channel_id', 'provider_message_id'])
      .where('channel_id', '=', anyOfTexts(channelIds))
      .where('provider_message_id', '=', anyOfTexts(ids))
      .where('provider_message_id', 'is not', null)
      .unionAll((deleted) =>
        deleted
          .selectFrom('deleted_message')
          .select(['channel_id', 'provider_message_id'])
          .where('channel_id', '=', anyOfTexts(channelIds))
          .where('provider_message_id', '=', anyOfTexts(ids)),
      )
      .execute();
    return new Set(rows.map((row) => `${row.channel_id} ${row.provider_message_id}`));
  }

  /** Those of these messages that are there, with the id that their provider gave them. */
  async providerIds(trx: ConversationTrx, ids: readonly string[]): Promise<Map<string, string | null>> {
    if (ids.length === 0) return new Map();
    const rows = await trx
      .selectFrom('message')
      .select(['id', 'provider_message_id'])
      .where('id', '=', anyOfTexts(ids))
      .execute();
    return new Map(rows.map((row) => [row.id, row.provider_message_id]));
  }

  /** Those of the conversations that have a message of their contact. */
  async withContactMessage(trx: ConversationTrx, conversationIds: readonly string[]): Promise<Set<string>> {
    if (conversationIds.length === 0) return new Set();
    const rows = await trx
      .selectFrom('message')
      .select('conversation_id')
      .distinct()
      .where('conversation_id', '=', anyOfTexts(conversationIds))
      .where(sql`author->>'type'`, '=', 'contact')
      .execute();
    return new Set(rows.map((row) => row.conversation_id));
  }

  async findMany(trx: ConversationTrx, ids: readonly string[]): Promise<MessageRow[]> {
    if (ids.length === 0) return [];
    return trx.selectFrom('message').selectAll().where('id', '=', anyOfTexts(ids)).execute();
  }

  async find(
    trx: ConversationTrx,
    spaceId: string,
    conversationId: string,
    id: string,
  ): Promise<MessageRow | undefined> {
    return trx
      .selectFrom('message')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('conversation_id', '=', conversationId)
      .executeTakeFirst();
  }

  async list(trx: ConversationTrx, page: MessagePage): Promise<MessageRow[]> {
    let query = trx
      .selectFrom('message')
      .selectAll()
      .where('space_id', '=', page.spaceId)
      .where('conversation_id', '=', page.conversationId);
    if (page.after !== null) query = query.where('sequence', '>', Math.min(page.after, LAST_SEQUENCE));
    if (page.before !== null) query = query.where('sequence', '<', Math.min(page.before, LAST_SEQUENCE));
    if (!page.withInternal) query = query.where('internal', '=', false);
    const backwards = page.before !== null && page.after === null;
    const rows = await query
      .orderBy('sequence', backwards ? 'desc' : 'asc')
      .limit(page.limit + 1)
      .execute();
    return rows;
  }

  /** The newest message of each conversation: one step in the index for each. */
  async last(
    trx: ConversationTrx,
    conversations: readonly ConversationKey[],
    withInternal: boolean,
  ): Promise<MessageRow[]> {
    if (conversations.length === 0) return [];
    const { rows } = await sql<MessageRow>`
      SELECT newest.* FROM ${keys(conversations)}
      CROSS JOIN LATERAL (
        SELECT m.* FROM message m
        WHERE m.space_id = key.space_id AND m.conversation_id = key.id AND (${withInternal} OR NOT m.internal)
        ORDER BY m.sequence DESC LIMIT 1
      ) AS newest`.execute(trx);
    return rows;
  }

  async updateStatuses(trx: ConversationTrx, rows: readonly MessageRow[]): Promise<void> {
    if (rows.length === 0) return;
    await sql`
      UPDATE message SET status = given.status, status_reason = given.status_reason, updated_at = now()
      FROM unnest(
        ${rows.map((row) => row.space_id)}::text[], ${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.status)}::text[],
        ${rows.map((row) => row.status_reason)}::text[]
      ) AS given (space_id, id, status, status_reason)
      WHERE message.space_id = given.space_id AND message.id = given.id`.execute(trx);
  }

  /** Replaces the parts and keeps the ones before. A deleted message has no terms. */
  async rewrite(trx: ConversationTrx, row: MessageRow, parts: string, deleted: boolean): Promise<MessageRow> {
    const changed = await this.replaceParts(trx, row, parts, deleted);
    if (deleted) await this.search.forget(trx, row.space_id, [row.id]);
    else await this.search.save(trx, changed);
    return changed;
  }

  private async replaceParts(
    trx: ConversationTrx,
    row: MessageRow,
    parts: string,
    deleted: boolean,
  ): Promise<MessageRow> {
    await sql`
      INSERT INTO message_version (space_id, message_id, no, parts)
      SELECT ${row.space_id}, ${row.id}, coalesce(max(no), 0) + 1, ${JSON.stringify(row.parts)}::jsonb
      FROM message_version WHERE space_id = ${row.space_id} AND message_id = ${row.id}`.execute(trx);
    return trx
      .updateTable('message')
      .set({
        parts,
        edited_at: new Date(),
        updated_at: new Date(),
        ...(deleted ? { deleted_at: new Date(), speech: null } : {}),
      })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** A conversation's events from the log, in order. */
  async events(
    trx: ConversationTrx,
    spaceId: string,
    conversationId: string,
    page: { after: number; limit: number },
  ): Promise<Selectable<EventTable>[]> {
    return trx
      .selectFrom('event')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('key', '=', conversationId)
      .where('sequence', '>', page.after)
      .orderBy('sequence')
      .limit(page.limit)
      .execute();
  }

  async saveReactions(trx: ConversationTrx, row: MessageRow): Promise<MessageRow> {
    return trx
      .updateTable('message')
      .set({ reactions: JSON.stringify(row.reactions), updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** What its contact has read up to a sequence of what was said to it; answers the ids of messages that were unread. */
  async markReadByContact(
    trx: ConversationTrx,
    of: { spaceId: string; conversationId: string },
    sequence: number,
  ): Promise<string[]> {
    const { rows } = await sql<{ id: string; sequence: number }>`
      UPDATE message SET status = 'read', status_reason = NULL, updated_at = now()
      WHERE space_id = ${of.spaceId} AND conversation_id = ${of.conversationId} AND sequence IN (
        SELECT m.sequence FROM message m
        WHERE m.space_id = ${of.spaceId} AND m.conversation_id = ${of.conversationId} AND m.sequence <= ${sequence}
          AND NOT m.internal AND m.deleted_at IS NULL AND m.status IN ('accepted', 'sent', 'delivered')
          AND m.author->>'type' <> 'contact'
        ORDER BY m.sequence DESC LIMIT ${READ_AT_ONCE})
      RETURNING id, sequence`.execute(trx);
    return rows.toSorted((a, b) => a.sequence - b.sequence).map(({ id }) => id);
  }

  /** Who has read up to a sequence, and when. */
  async readers(
    trx: ConversationTrx,
    of: { spaceId: string; conversationId: string },
    sequence: number,
  ): Promise<{ reader_id: string; read_at: Date }[]> {
    return trx
      .selectFrom('read_marker')
      .select(['reader_id', 'read_at'])
      .where('space_id', '=', of.spaceId)
      .where('conversation_id', '=', of.conversationId)
      .where('sequence', '>=', sequence)
      .orderBy('reader_id')
      .limit(MOST_READERS)
      .execute();
  }

  async markRead(
    trx: ConversationTrx,
    row: { spaceId: string; conversationId: string; readerId: string; sequence: number },
  ): Promise<boolean> {
    const { rows } = await sql`
      INSERT INTO read_marker (space_id, conversation_id, reader_id, sequence)
      VALUES (${row.spaceId}, ${row.conversationId}, ${row.readerId}, ${row.sequence})
      ON CONFLICT (space_id, conversation_id, reader_id) DO UPDATE SET sequence = excluded.sequence, read_at = now()
      WHERE read_marker.sequence < excluded.sequence
      RETURNING sequence`.execute(trx);
    return rows.length > 0;
  }

  /** How many of each conversation's newest messages a reader has not seen; deleted ones and its own do not count. */
  async unread(
    trx: ConversationTrx,
    conversations: readonly ConversationKey[],
    reader: {
      id: string;
      withInternal: boolean;
      /** What was written for the space is the reader's own: an API key's. */
      ownsSpace: boolean;
    },
  ): Promise<Map<string, number>> {
    if (conversations.length === 0) return new Map();
    const { rows } = await sql<{ id: string; unread: number }>`
      SELECT key.id, count(*)::int AS unread FROM ${keys(conversations)}
      LEFT JOIN read_marker r ON r.space_id = key.space_id AND r.conversation_id = key.id AND r.reader_id = ${reader.id}
      CROSS JOIN LATERAL (
        SELECT m.author, m.internal FROM message m
        WHERE m.space_id = key.space_id AND m.conversation_id = key.id AND m.sequence > coalesce(r.sequence, 0)
          AND m.deleted_at IS NULL
        ORDER BY m.sequence DESC LIMIT ${UNREAD_WINDOW}
      ) AS newest
      WHERE (${reader.withInternal} OR NOT newest.internal)
        AND coalesce(newest.author->>'accountId', newest.author->>'contactId', '') <> ${reader.id}
        AND NOT (${reader.ownsSpace} AND newest.author ? 'spaceId')
      GROUP BY key.id`.execute(trx);
    return new Map(rows.map((row) => [row.id, row.unread]));
  }
}

/** A list of conversations, as the table `key (space_id, id)`. */
function keys(conversations: readonly ConversationKey[]): RawBuilder<unknown> {
  return sql`unnest(
    ${conversations.map((row) => row.space_id)}::text[], ${conversations.map((row) => row.id)}::text[]) AS key (space_id, id)`;
}
