import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type { ConversationTrx, EventTable, MessageRow, MessageStatus, MessageTable } from '../database.ts';
import type { Selectable } from 'kysely';

export interface MessagePage {
  spaceId: string;
  conversationId: string;
  limit: number;
  after: number | null;
  before: number | null;
  withInternal: boolean;
}

@Injectable()
export class MessagesRepository {
  async insert(trx: ConversationTrx, rows: readonly Insertable<MessageTable>[]): Promise<MessageRow[]> {
    if (rows.length === 0) return [];
    return trx
      .insertInto('message')
      .values([...rows])
      .returningAll()
      .execute();
  }

  /** Which of these provider ids are known already. */
  async knownProviderIds(
    trx: ConversationTrx,
    channelIds: readonly string[],
    ids: readonly string[],
  ): Promise<Set<string>> {
    const rows = await trx
      .selectFrom('message')
      .select(['channel_id', 'provider_message_id'])
      .where('channel_id', 'in', [...channelIds])
      .where('provider_message_id', 'in', [...ids])
      .execute();
    return new Set(rows.map((row) => `${row.channel_id} ${row.provider_message_id}`));
  }

  async knownIds(trx: ConversationTrx, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await trx
      .selectFrom('message')
      .select('id')
      .where('id', 'in', [...ids])
      .execute();
    return new Set(rows.map((row) => row.id));
  }

  async findMany(trx: ConversationTrx, ids: readonly string[]): Promise<MessageRow[]> {
    if (ids.length === 0) return [];
    return trx
      .selectFrom('message')
      .selectAll()
      .where('id', 'in', [...ids])
      .execute();
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
    if (page.after !== null) query = query.where('sequence', '>', page.after);
    if (page.before !== null) query = query.where('sequence', '<', page.before);
    if (!page.withInternal) query = query.where('internal', '=', false);
    const backwards = page.before !== null && page.after === null;
    const rows = await query
      .orderBy('sequence', backwards ? 'desc' : 'asc')
      .limit(page.limit + 1)
      .execute();
    return rows;
  }

  /** The newest message of each conversation. */
  async last(
    trx: ConversationTrx,
    conversationIds: readonly string[],
    withInternal: boolean,
  ): Promise<MessageRow[]> {
    if (conversationIds.length === 0) return [];
    let query = trx
      .selectFrom('message')
      .selectAll()
      .distinctOn('conversation_id')
      .where('conversation_id', 'in', [...conversationIds]);
    if (!withInternal) query = query.where('internal', '=', false);
    return query.orderBy('conversation_id').orderBy('sequence', 'desc').execute();
  }

  async updateStatus(
    trx: ConversationTrx,
    row: MessageRow,
    status: MessageStatus,
    reason: string | null,
  ): Promise<void> {
    await trx
      .updateTable('message')
      .set({ status, status_reason: reason, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .execute();
  }

  /** Replaces the parts and keeps the ones before. */
  async rewrite(trx: ConversationTrx, row: MessageRow, parts: string, deleted: boolean): Promise<MessageRow> {
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
        ...(deleted ? { deleted_at: new Date() } : {}),
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

  async markRead(
    trx: ConversationTrx,
    row: { spaceId: string; conversationId: string; readerId: string; sequence: number },
  ): Promise<boolean> {
    const { rows } = await sql`
      INSERT INTO read_marker (space_id, conversation_id, reader_id, sequence)
      VALUES (${row.spaceId}, ${row.conversationId}, ${row.readerId}, ${row.sequence})
      ON CONFLICT (space_id, conversation_id, reader_id) DO UPDATE SET sequence = excluded.sequence WHERE read_marker.sequence < excluded.sequence
      RETURNING sequence`.execute(trx);
    return rows.length > 0;
  }

  async unread(
    trx: ConversationTrx,
    conversationIds: readonly string[],
    readerId: string,
  ): Promise<Map<string, number>> {
    if (conversationIds.length === 0) return new Map();
    const { rows } = await sql<{ conversation_id: string; unread: number }>`
      SELECT m.conversation_id, count(*)::int AS unread FROM message m
      LEFT JOIN read_marker r ON r.space_id = m.space_id AND r.conversation_id = m.conversation_id AND r.reader_id = ${readerId}
      WHERE m.conversation_id = ANY (${[...conversationIds]}::text[]) AND m.sequence > coalesce(r.sequence, 0)
        AND coalesce(m.author->>'accountId', m.author->>'contactId', '') <> ${readerId}
      GROUP BY m.conversation_id`.execute(trx);
    return new Map(rows.map((row) => [row.conversation_id, row.unread]));
  }
}
