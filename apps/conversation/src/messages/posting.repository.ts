import { Injectable } from '@nestjs/common';
import { type Author, type EventData, type Message, messagePosted, type Part } from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import { type RawBuilder, sql } from 'kysely';
import { segmenterVersion } from '@parley/text';
import type { ConversationTrx, MessageRow } from '../database.ts';
import { messageTerms } from '../search/message-terms.ts';

/** A message of the usual kind: into an open conversation, with nothing to change beside it. */
export interface QuickPost {
  spaceId: string;
  conversationId: string;
  id: string;
  author: Author;
  parts: Part[];
  replyTo: string | null;
  internal: boolean;
  metadata: Record<string, unknown>;
  /** Whether the author is somebody a conversation can be assigned to. */
  assignable: boolean;
  /** Who writes into direct rooms of its own alone; undefined for a service. */
  reader: { accountId: string | null } | undefined;
  /** A visitor writes into its own alone, and never takes over. */
  visitor: { contactId: string; channelId: string; senderId: string } | null;
}

/** The message in one statement: counter, message, terms for search, event and outbox. */
@Injectable()
export class PostingRepository {
  constructor(private readonly events: EventLog) {}

  /** Undefined when there is more to do than to post, or something forbids it: then nothing was done. */
  async post(trx: ConversationTrx, post: QuickPost): Promise<MessageRow | undefined> {
    const now = new Date();
    const author = post.visitor
      ? sql`${JSON.stringify(post.author)}::jsonb || jsonb_build_object('contactId', counter.contact_id)`
      : sql`${JSON.stringify(post.author)}::jsonb`;
    const message = blankMessage(post, now);
    const event = this.events.sqlFragment({
      definition: messagePosted,
      spaceId: post.spaceId,
      data: blankEvent(message, post.conversationId),
      from: 'counter',
      sequence: sql`counter.last_sequence`,
      overlay: overlay(post, message, author),
    });
    const { rows } = await sql<MessageRow>`
      WITH counter AS (
        UPDATE conversation SET last_sequence = last_sequence + 1, updated_at = ${now}
        WHERE space_id = ${post.spaceId} AND status = 'open' AND ${place(post)} AND ${nothingElse(post)}
        RETURNING *
      ), stored AS (
        INSERT INTO message (
          space_id, conversation_id, sequence, id, author, parts, reply_to, internal, status, channel_id, metadata, created_at, updated_at)
        SELECT space_id, id, last_sequence, ${post.id}, ${author}, ${JSON.stringify(post.parts)}::jsonb, ${post.replyTo}, ${post.internal},
          'accepted', channel_id, ${JSON.stringify(post.metadata)}::jsonb, ${now}::timestamptz, ${now}::timestamptz FROM counter
        RETURNING *
      ), searched AS (
        INSERT INTO message_search (space_id, message_id, audience, created_at, version, terms)
        SELECT space_id, ${post.id}, audience, ${now}::timestamptz, ${segmenterVersion}, ${searchTerms(post)} FROM counter
      ), touched AS (
        INSERT INTO conversation_activity (space_id, conversation_id, at) SELECT space_id, id, ${now}::timestamptz FROM counter
        ON CONFLICT (space_id, conversation_id) DO UPDATE SET at = greatest(conversation_activity.at, excluded.at)
      ), ${event}
      SELECT * FROM stored`.execute(trx);
    if (rows.length > 0) this.events.wakeRelays(trx, [{ definition: messagePosted }]);
    return rows[0];
  }
}

/** Channel and contact are the conversation's: the statement alone knows them. */
function searchTerms({ id, author, parts, visitor }: QuickPost): RawBuilder<unknown> {
  const terms = sql`${messageTerms({ id, author, parts, channelId: null })}::tsvector`;
  const more = visitor
    ? sql`ARRAY['@in:' || channel_id, '@from:' || contact_id]`
    : sql`ARRAY['@in:' || channel_id]`;
  return sql`${terms} || array_to_tsvector(array_remove(${more}, NULL))`;
}

function place({ conversationId, visitor, reader }: QuickPost): RawBuilder<unknown> {
  const seen = reader ? sql`(audience IS NULL OR audience ? ${reader.accountId ?? ''})` : sql`true`;
  if (!visitor) return sql`id = ${conversationId} AND ${seen}`;
  const { contactId, channelId, senderId } = visitor;
  return sql`id = ${conversationId} AND audience IS NULL AND (contact_id = ${contactId} OR channel_id = ${channelId} AND sender_id = ${senderId})`;
}

/** A member's public message to a contact is a takeover, unless a person has it already. */
function nothingElse({ internal, visitor, replyTo, spaceId, assignable }: QuickPost): RawBuilder<unknown> {
  const known = replyTo
    ? sql`EXISTS (SELECT FROM message m WHERE m.space_id = ${spaceId} AND m.id = ${replyTo} AND m.conversation_id = conversation.id)`
    : sql`true`;
  if (internal || visitor) return known;
  const owned = assignable ? sql`owner = 'human' AND assignee IS NOT NULL` : sql`owner = 'human'`;
  return sql`(contact_id IS NULL OR ${owned}) AND ${known}`;
}

/** What only the statement knows of the event. */
function overlay(post: QuickPost, message: Message, author: RawBuilder<unknown>): RawBuilder<unknown> {
  const outside = post.visitor ? sql`true` : sql`counter.contact_id IS NULL`;
  return sql`jsonb_build_object(
    'sequence', counter.last_sequence, 'owner', counter.owner, 'contactId', counter.contact_id,
    'target', counter.target, 'agentIds', counter.agent_ids,
    'origin', jsonb_build_object('channelId', counter.channel_id, 'deploymentType', counter.deployment_type, 'senderId', counter.sender_id),
    'wakes', NOT ${post.internal}::boolean AND counter.owner = 'flow' AND ${outside},
    'message', ${JSON.stringify(message)}::jsonb || jsonb_build_object('sequence', counter.last_sequence, 'author', ${author}))
    || CASE WHEN counter.audience IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('audience', counter.audience) END`;
}

/** The message as far as it is known before; its sequence stands for any. */
function blankMessage(post: QuickPost, now: Date): Message {
  const at = now.toISOString();
  return {
    id: post.id,
    conversationId: post.conversationId,
    sequence: 1,
    author: post.author,
    parts: post.parts,
    citations: [],
    replyTo: post.replyTo,
    internal: post.internal,
    status: 'accepted',
    statusReason: null,
    speech: null,
    reactions: [],
    editedAt: null,
    createdAt: at,
    updatedAt: at,
    metadata: post.metadata as Message['metadata'],
  };
}

function blankEvent(message: Message, conversationId: string): EventData<typeof messagePosted> {
  return {
    conversationId,
    sequence: 1,
    message,
    owner: 'none',
    contactId: null,
    inReplyTo: null,
    attempt: null,
    wakes: false,
    target: null,
    agentIds: [],
    origin: { channelId: null, deploymentType: null, senderId: null },
  };
}
