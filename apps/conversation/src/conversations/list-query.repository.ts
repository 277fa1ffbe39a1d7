import { invalidCursor } from '@parley/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { ConversationRow, Status } from '../database.ts';

/** A conversation with the time of its last activity. */
export type ListedConversation = ConversationRow & { active_at: Date };

export type ConversationSort = 'lastActivity' | 'createdAt';

export interface ConversationFilter {
  spaceId: string;
  limit: number;
  sort: ConversationSort;
  cursor?: string | undefined;
  roomId?: string | undefined;
  status?: Status | undefined;
  channelId?: string | undefined;
  owner?: 'flow' | 'human' | 'none' | undefined;
  assignee?: string | undefined;
  contactId?: string | undefined;
  label?: string | undefined;
  /** Text in the subject or in the name of a participant. */
  q?: string | undefined;
  /** Limits direct rooms to those of this account; undefined for all. */
  audience?: { accountId: string | null } | undefined;
  /** Limits the list to a visitor's conversations. */
  own?: { contactId: string; channelId: string; senderId: string } | undefined;
}

type Condition = RawBuilder<boolean>;

/** One page of conversations and one more, latest first. */
export function listQuery(filter: ConversationFilter): RawBuilder<ListedConversation> {
  const order =
    filter.sort === 'createdAt' ? sql`conversation.id DESC` : sql`a.at DESC, a.conversation_id DESC`;
  return sql<ListedConversation>`
    SELECT conversation.*, a.at AS active_at FROM conversation_activity a
    JOIN conversation ON conversation.space_id = a.space_id AND conversation.id = a.conversation_id
    WHERE a.space_id = ${filter.spaceId} AND ${sql.join([sql`true`, ...conditionsOf(filter)], sql` AND `)}
    ORDER BY ${order} LIMIT ${filter.limit + 1}`;
}

/** Returns the cursor after a conversation. */
export function cursorAfter(sort: ConversationSort, row: ListedConversation): string {
  return sort === 'createdAt' ? row.id : `${row.id}.${row.active_at.getTime()}`;
}

/** @throws ProblemError 400 for an invalid cursor */
function afterCursor({ sort, cursor }: ConversationFilter): Condition[] {
  if (cursor === undefined) return [];
  const [, id, at] = /^(conv_[0-9a-z]{1,64})(?:\.(\d{1,15}))?$/.exec(cursor) ?? [];
  if (!id || (sort === 'createdAt') !== (at === undefined)) throw invalidCursor();
  if (at === undefined) return [sql`conversation.id < ${id}`];
  return [sql`(a.at, a.conversation_id) < (${new Date(Number(at))}::timestamptz, ${id})`];
}

const columns = {
  roomId: 'room_id',
  status: 'status',
  channelId: 'channel_id',
  owner: 'owner',
  assignee: 'assignee',
  contactId: 'contact_id',
} as const;

function conditionsOf(filter: ConversationFilter): Condition[] {
  const equalities = Object.entries(columns).flatMap(([field, column]): Condition[] => {
    const value = filter[field as keyof typeof columns];
    return value ? [sql`${sql.ref(`conversation.${column}`)} = ${value}`] : [];
  });
  const { label, q } = filter;
  return [
    ...afterCursor(filter),
    ...equalities,
    ...(label === undefined ? [] : [sql<boolean>`conversation.labels @> ${JSON.stringify([label])}::jsonb`]),
    ...(q ? [matchesSearch(q)] : []),
    ...visibilityConditions(filter),
  ];
}

function visibilityConditions({ audience, own }: ConversationFilter): Condition[] {
  const conditions: Condition[] = [];
  if (audience)
    conditions.push(
      sql`(conversation.audience IS NULL OR conversation.audience ? ${audience.accountId ?? ''})`,
    );
  if (own)
    conditions.push(sql`(conversation.contact_id = ${own.contactId} OR
      conversation.channel_id = ${own.channelId} AND conversation.sender_id = ${own.senderId})`);
  return conditions;
}

/** Matches the subject or the names of participants. */
function matchesSearch(words: string): Condition {
  const pattern = `%${words.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`(conversation.subject ILIKE ${pattern} OR EXISTS (
    SELECT FROM participant p
    WHERE p.space_id = conversation.space_id AND p.parent_id = conversation.id AND p.name ILIKE ${pattern}))`;
}
