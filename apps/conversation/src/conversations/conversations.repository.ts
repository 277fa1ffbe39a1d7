import { Injectable } from '@nestjs/common';
import { anyOfTexts, insertRows } from '@parley/database';
import { type Insertable, sql } from 'kysely';
import type {
  ConversationRow,
  ConversationTable,
  ConversationTrx,
  ParticipantRow,
  ParticipantTable,
  RoomRow,
} from '../database.ts';
import { type ConversationFilter, type ListedConversation, listQuery } from './list-query.repository.ts';

/** A sender in a channel. It has at most one active conversation. */
export interface SenderKey {
  spaceId: string;
  channelId: string;
  senderId: string;
}

const roomColumns = { space_id: 'text', id: 'text', type: 'text', name: 'text', pair: 'text' } as const;

const conversationColumns = {
  space_id: 'text',
  id: 'text',
  room_id: 'text',
  channel_id: 'text',
  deployment_type: 'text',
  sender_id: 'text',
  contact_id: 'text',
  target: 'jsonb',
  status: 'text',
  owner: 'text',
  assignee: 'text',
  agent_ids: 'jsonb',
  subject: 'text',
  metadata: 'jsonb',
  audience: 'jsonb',
} as const;

const participantColumns = {
  space_id: 'text',
  parent_id: 'text',
  id: 'text',
  account_id: 'text',
  contact_id: 'text',
  agent_id: 'text',
  name: 'text',
  role: 'text',
  auto_respond: 'boolean',
} as const;

@Injectable()
export class ConversationsRepository {
  async insertRooms(
    trx: ConversationTrx,
    rows: readonly Pick<RoomRow, keyof typeof roomColumns>[],
  ): Promise<void> {
    if (rows.length > 0) await insertRows('room', roomColumns, rows).execute(trx);
  }

  /** Inserts conversations, except those whose sender has an active one. */
  async insertMany(
    trx: ConversationTrx,
    rows: readonly Pick<Insertable<ConversationTable>, keyof typeof conversationColumns>[],
  ): Promise<ConversationRow[]> {
    if (rows.length === 0) return [];
    const { rows: inserted } = await sql<ConversationRow>`
      ${insertRows('conversation', conversationColumns, rows)}
      ON CONFLICT DO NOTHING RETURNING *`.execute(trx);
    return inserted;
  }

  async find(trx: ConversationTrx, spaceId: string, id: string): Promise<ConversationRow | undefined> {
    return trx
      .selectFrom('conversation')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async lock(trx: ConversationTrx, spaceId: string, id: string): Promise<ConversationRow | undefined> {
    return trx
      .selectFrom('conversation')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  /** Locks conversations in the order of their ids, so that batches never wait for each other in a circle. */
  async lockMany(trx: ConversationTrx, ids: readonly string[]): Promise<ConversationRow[]> {
    if (ids.length === 0) return [];
    return trx
      .selectFrom('conversation')
      .selectAll()
      .where('id', '=', anyOfTexts(ids))
      .orderBy('id')
      .forUpdate()
      .execute();
  }

  async lockActive(trx: ConversationTrx, key: SenderKey): Promise<ConversationRow | undefined> {
    return trx
      .selectFrom('conversation')
      .selectAll()
      .where('space_id', '=', key.spaceId)
      .where('channel_id', '=', key.channelId)
      .where('sender_id', '=', key.senderId)
      .where('status', 'in', ['open', 'paused'])
      .forUpdate()
      .executeTakeFirst();
  }

  /** The active conversations of many senders, locked in the order of their ids. */
  async lockActiveMany(trx: ConversationTrx, senders: readonly SenderKey[]): Promise<ConversationRow[]> {
    if (senders.length === 0) return [];
    const { rows } = await sql<ConversationRow>`
      SELECT conversation.* FROM conversation
      JOIN unnest(
        ${senders.map((one) => one.spaceId)}::text[], ${senders.map((one) => one.channelId)}::text[],
        ${senders.map((one) => one.senderId)}::text[]
      ) AS given (space_id, channel_id, sender_id) USING (space_id, channel_id, sender_id)
      WHERE conversation.channel_id IS NOT NULL AND conversation.status IN ('open', 'paused')
      ORDER BY conversation.id FOR UPDATE OF conversation`.execute(trx);
    return rows;
  }

  async update(
    trx: ConversationTrx,
    row: Pick<ConversationRow, 'space_id' | 'id'>,
    change: Partial<Pick<Insertable<ConversationTable>, 'subject' | 'labels' | 'metadata'>>,
  ): Promise<ConversationRow> {
    return trx
      .updateTable('conversation')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async list(trx: ConversationTrx, filter: ConversationFilter): Promise<ListedConversation[]> {
    return (await listQuery(filter).execute(trx)).rows;
  }

  /** Lists conversations of direct rooms in which an account does not participate. */
  async listHiddenFrom(trx: ConversationTrx, spaceId: string, accountId: string | null): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM conversation
      WHERE space_id = ${spaceId} AND audience IS NOT NULL AND NOT audience ? ${accountId ?? ''} ORDER BY id`.execute(
      trx,
    );
    return rows.map(({ id }) => id);
  }

  async insertParticipants(
    trx: ConversationTrx,
    rows: readonly Insertable<ParticipantTable>[],
  ): Promise<void> {
    if (rows.length > 0) await insertRows('participant', participantColumns, rows).execute(trx);
  }

  /** Lists conversations that belong to a contact or in which it participates. */
  async listIdsOfContact(trx: ConversationTrx, spaceId: string, contactId: string): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM conversation WHERE space_id = ${spaceId} AND contact_id = ${contactId}
      UNION
      SELECT parent_id FROM participant WHERE space_id = ${spaceId} AND contact_id = ${contactId} AND parent_id LIKE 'conv\\_%'`.execute(
      trx,
    );
    return rows.map(({ id }) => id);
  }

  async listParticipants(trx: ConversationTrx, parentIds: readonly string[]): Promise<ParticipantRow[]> {
    if (parentIds.length === 0) return [];
    return trx
      .selectFrom('participant')
      .selectAll()
      .where('parent_id', '=', anyOfTexts(parentIds))
      .orderBy('id')
      .execute();
  }

  async updateParticipant(trx: ConversationTrx, row: ParticipantRow): Promise<void> {
    const { role, auto_respond } = row;
    await trx
      .updateTable('participant')
      .set({ role, auto_respond })
      .where('space_id', '=', row.space_id)
      .where('parent_id', '=', row.parent_id)
      .where('id', '=', row.id)
      .execute();
  }

  async deleteParticipant(
    trx: ConversationTrx,
    spaceId: string,
    parentId: string,
    id: string,
  ): Promise<ParticipantRow | undefined> {
    return trx
      .deleteFrom('participant')
      .where('space_id', '=', spaceId)
      .where('parent_id', '=', parentId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
  }
}
