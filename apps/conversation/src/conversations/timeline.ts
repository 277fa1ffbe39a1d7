import {
  type Author,
  type Citation,
  conversationCreated,
  type EventDefinition,
  type Message,
  messageChanged,
  messagePosted,
  newId,
  ownerChanged,
  type Part,
  participantChanged,
  participantJoined,
  participantLeft,
  statusChanged,
} from '@parley/contracts';
import type { NewEvent } from '@parley/messaging';
import type {
  ConversationRow,
  MessageRow,
  Owner,
  ParticipantRow,
  Status,
  StoredSpeech,
} from '../database.ts';
import { respondersOf, toMessage, toParticipant } from '../shapes.ts';

/** A message about to be appended. */
export interface MessageDraft {
  id?: string;
  author: Author;
  parts: Part[];
  citations?: Citation[];
  replyTo?: string | null;
  internal?: boolean;
  metadata?: Record<string, unknown>;
  providerMessageId?: string | null;
  inReplyTo?: string | null;
  attempt?: number | null;
  speech?: StoredSpeech | null;
  heard?: { messageId: string; spoken: string }[] | undefined;
  /** Of the channel or call it came through. */
  language?: string | undefined;
  wakes: boolean;
}

/**
 * What is appended to one locked conversation in this transaction: it gives each event its sequence, collects rows and events,
 * and is written at the end, together with others of a batch.
 */
export class Timeline {
  conversation: ConversationRow;
  readonly messages: MessageRow[] = [];
  readonly events: NewEvent[] = [];
  isChanged = false;
  /** When it was created or last received a message, in this transaction. */
  activeAt: Date | null = null;

  constructor(conversation: ConversationRow) {
    this.conversation = conversation;
  }

  addCreated(participants: readonly ParticipantRow[]): void {
    const { room_id: roomId, contact_id: contactId, owner, subject } = this.conversation;
    this.activeAt = new Date();
    this.add(conversationCreated, {
      roomId,
      contactId,
      owner,
      subject,
      participants: participants.map(toParticipant),
      ...respondersOf(this.conversation),
    });
  }

  addJoined(participant: ParticipantRow): void {
    const { agent_id: agentId, auto_respond: responds } = participant;
    if (agentId && responds)
      this.conversation = { ...this.conversation, agent_ids: [...this.conversation.agent_ids, agentId] };
    this.add(participantJoined, { participant: toParticipant(participant) });
  }

  addLeft(participant: ParticipantRow): void {
    const { agent_ids: agentIds, target } = this.conversation;
    const left = participant.agent_id;
    this.conversation = {
      ...this.conversation,
      agent_ids: agentIds.filter((id) => id !== left),
      target: left !== null && target?.agentId === left ? null : target,
    };
    this.add(participantLeft, { participant: toParticipant(participant) });
  }

  /** Appends a change of a participant's role or of automatic responses. */
  addParticipantChanged(participant: ParticipantRow): void {
    const { agent_ids: agentIds, target } = this.conversation;
    const { agent_id: agentId, auto_respond: responds } = participant;
    const others = agentIds.filter((id) => id !== agentId);
    const isTarget = agentId !== null && target?.agentId === agentId;
    this.conversation = {
      ...this.conversation,
      agent_ids: agentId && responds && !isTarget ? [...others, agentId] : others,
      target: isTarget && !responds ? null : target,
    };
    this.add(participantChanged, { participant: toParticipant(participant) });
  }

  /** Whether the channel's target or a participating agent responds automatically. */
  hasResponder(): boolean {
    return this.conversation.target !== null || this.conversation.agent_ids.length > 0;
  }

  setStatus(status: Status): void {
    if (this.conversation.status === status) return;
    this.conversation = { ...this.conversation, status };
    this.add(statusChanged, { status });
  }

  setOwner(
    owner: Owner,
    change: { assignee?: string | null; by: Author | null; reason: string | null; handoff?: boolean },
  ): void {
    const assignee = change.assignee === undefined ? this.conversation.assignee : change.assignee;
    if (this.conversation.owner === owner && this.conversation.assignee === assignee) return;
    this.conversation = { ...this.conversation, owner, assignee };
    const { by, reason, handoff } = change;
    this.add(ownerChanged, { owner, assignee, by, reason, ...(handoff ? { handoff } : {}) });
  }

  post(draft: MessageDraft): void {
    const {
      space_id: spaceId,
      id: conversationId,
      owner,
      contact_id: contactId,
      channel_id: channelId,
    } = this.conversation;
    const now = new Date();
    this.activeAt = now;
    const row: MessageRow = {
      space_id: spaceId,
      conversation_id: conversationId,
      sequence: this.conversation.last_sequence + 1,
      id: draft.id ?? newId('msg'),
      author: draft.author,
      parts: draft.parts,
      citations: draft.citations ?? [],
      reactions: [],
      reply_to: draft.replyTo ?? null,
      speech: draft.speech ?? null,
      internal: draft.internal ?? false,
      status: 'accepted',
      status_reason: null,
      channel_id: channelId,
      provider_message_id: draft.providerMessageId ?? null,
      edited_at: null,
      deleted_at: null,
      metadata: draft.metadata ?? {},
      created_at: now,
      updated_at: now,
    };
    this.add(messagePosted, {
      message: toMessage(row),
      owner,
      contactId,
      inReplyTo: draft.inReplyTo ?? null,
      attempt: draft.attempt ?? null,
      wakes: draft.wakes,
      heard: draft.heard,
      language: draft.language,
      ...respondersOf(this.conversation),
    });
    if (hasPlayedSpeech(row)) this.add(messageChanged, { message: toMessage(row), change: 'speech' });
    this.messages.push(row);
  }

  /** Appends an edit, deletion or reaction of a stored message. */
  changeMessage(
    row: Pick<MessageRow, 'provider_message_id'>,
    data: { message: Message; change: 'edited' | 'deleted' | 'reaction' },
  ): void {
    const { origin } = respondersOf(this.conversation);
    this.add(messageChanged, { ...data, origin, providerMessageId: row.provider_message_id });
  }

  /** Appends any other event of the conversation. */
  add(definition: EventDefinition, data: object): void {
    const sequence = this.conversation.last_sequence + 1;
    this.conversation = { ...this.conversation, last_sequence: sequence };
    this.isChanged = true;
    const { space_id: spaceId, id: conversationId, audience } = this.conversation;
    const restricted = audience === null ? {} : { audience };
    this.events.push({ definition, spaceId, data: { conversationId, sequence, ...restricted, ...data } });
  }
}

/** Consumers of playback data read change events only, so a message with playback data needs one. */
function hasPlayedSpeech({ speech, author }: MessageRow): boolean {
  return speech !== null && author.type !== 'contact';
}
