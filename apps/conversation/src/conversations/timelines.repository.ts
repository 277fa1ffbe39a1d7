import { Injectable } from '@nestjs/common';
import { insertRows } from '@parley/database';
import { EventLog, type NewEvent } from '@parley/messaging';
import { sql } from 'kysely';
import type { ConversationRow, ConversationTrx, MessageRow } from '../database.ts';
import { searchRowOf } from '../search/message-terms.ts';

/** The changes of a transaction's timelines. */
export interface TimelineChanges {
  conversations: readonly ConversationRow[];
  messages: readonly MessageRow[];
  events: readonly NewEvent[];
  /** Conversations that were created or received a message. */
  active: readonly { spaceId: string; id: string; at: Date }[];
}

const messageColumns = {
  space_id: 'text',
  conversation_id: 'text',
  sequence: 'int',
  id: 'text',
  author: 'jsonb',
  parts: 'jsonb',
  citations: 'jsonb',
  reactions: 'jsonb',
  reply_to: 'text',
  speech: 'jsonb',
  internal: 'boolean',
  status: 'text',
  status_reason: 'text',
  channel_id: 'text',
  provider_message_id: 'text',
  edited_at: 'timestamptz',
  deleted_at: 'timestamptz',
  metadata: 'jsonb',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
} as const;

const searchColumns = {
  space_id: 'text',
  message_id: 'text',
  audience: 'jsonb',
  created_at: 'timestamptz',
  version: 'int',
  terms: 'tsvector',
} as const;

@Injectable()
export class TimelinesRepository {
  constructor(private readonly log: EventLog) {}

  /** Saves what can change of many locked conversations, with their new messages and events, in one statement. */
  async write(
    trx: ConversationTrx,
    { conversations: rows, messages, events, active }: TimelineChanges,
  ): Promise<void> {
    const stored = messages.map((row) => ({
      ...row,
      author: JSON.stringify(row.author),
      parts: JSON.stringify(row.parts),
      citations: JSON.stringify(row.citations),
      reactions: JSON.stringify(row.reactions),
      speech: row.speech && JSON.stringify(row.speech),
      metadata: JSON.stringify(row.metadata),
    }));
    const audiences = new Map(rows.map(({ id, audience }) => [id, audience]));
    const searched = messages.map((row) => searchRowOf(row, audiences.get(row.conversation_id) ?? null));
    await sql`
      ${this.log.appendParts(trx, events)}, stored AS (${insertRows('message', messageColumns, stored)}), searched AS (
        ${insertRows('message_search', searchColumns, searched)}
      ), touched AS (
        INSERT INTO conversation_activity (space_id, conversation_id, at)
        SELECT * FROM unnest(
          ${active.map((one) => one.spaceId)}::text[], ${active.map((one) => one.id)}::text[], ${active.map((one) => one.at)}::timestamptz[])
        ON CONFLICT (space_id, conversation_id) DO UPDATE SET at = greatest(conversation_activity.at, excluded.at)
      )
      UPDATE conversation SET last_sequence = given.last_sequence, status = given.status, owner = given.owner, assignee = given.assignee,
        target = given.target, agent_ids = given.agent_ids, updated_at = now()
      FROM unnest(
        ${rows.map((row) => row.space_id)}::text[], ${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.last_sequence)}::int[],
        ${rows.map((row) => row.status)}::text[], ${rows.map((row) => row.owner)}::text[], ${rows.map((row) => row.assignee)}::text[],
        ${rows.map((row) => row.target && JSON.stringify(row.target))}::jsonb[], ${rows.map((row) => JSON.stringify(row.agent_ids))}::jsonb[]
      ) AS given (space_id, id, last_sequence, status, owner, assignee, target, agent_ids)
      WHERE conversation.space_id = given.space_id AND conversation.id = given.id`.execute(trx);
  }
}
