import { applyPatch, type Conversation, type Message, Metadata, type Participant } from '@parley/contracts';
import type { ConversationRow, MessageRow, ParticipantRow, Speech, StoredSpeech } from './database.ts';
import { toReactions } from './messages/reactions.ts';

/** Maps a message row to its public form. */
export function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    sequence: row.sequence,
    author: row.author,
    parts: row.parts,
    citations: row.citations,
    replyTo: row.reply_to,
    internal: row.internal,
    status: row.status,
    statusReason: row.status_reason,
    speech: row.speech && toSpeech(row.speech),
    reactions: toReactions(row.reactions),
    editedAt: row.edited_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Message['metadata'],
  };
}

function toSpeech({ attempt: _attempt, callId: _callId, ...speech }: StoredSpeech): Speech {
  return speech;
}

export function toParticipant(row: ParticipantRow): Participant {
  return {
    id: row.id,
    accountId: row.account_id,
    contactId: row.contact_id,
    agentId: row.agent_id,
    name: row.name,
    role: row.role,
    autoRespond: row.auto_respond,
  };
}

/** Returns the merged metadata column; empty if the change has no metadata. */
export function mergedMetadata(current: unknown, patch: unknown): { metadata?: string } {
  if (patch === undefined) return {};
  return {
    metadata: JSON.stringify(applyPatch(Metadata, { current, patch, pointer: '/metadata' }) ?? {}),
  };
}

/** Parts of a conversation from other tables. */
export interface ConversationParts {
  participants: ParticipantRow[];
  lastMessage: MessageRow | undefined;
  unread: number;
}

export function toConversation(row: ConversationRow, parts: ConversationParts): Conversation {
  return {
    id: row.id,
    roomId: row.room_id,
    channelId: row.channel_id,
    contactId: row.contact_id,
    status: row.status,
    owner: row.owner,
    assignee: row.assignee,
    subject: row.subject,
    labels: row.labels,
    lastSequence: row.last_sequence,
    lastMessage: parts.lastMessage ? toMessage(parts.lastMessage) : null,
    unread: parts.unread,
    participants: parts.participants.map(toParticipant),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Conversation['metadata'],
  };
}

/** Target, agents and origin of a conversation, for events that other services act on. */
export function respondersOf(row: ConversationRow): {
  target: { agentId?: string | null; flowId?: string | null } | null;
  agentIds: string[];
  origin: { channelId: string | null; deploymentType: string | null; senderId: string | null };
} {
  return {
    target: row.target,
    agentIds: row.agent_ids,
    origin: { channelId: row.channel_id, deploymentType: row.deployment_type, senderId: row.sender_id },
  };
}
