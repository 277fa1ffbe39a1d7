import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import type { ConversationRow, ConversationTrx, ParticipantRow, Target } from '../database.ts';
import { DirectoryRepository } from '../directory/directory.repository.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import type { NewParticipant } from './participants.service.ts';
import { Timeline } from './timeline.ts';
import { TimelinesService } from './timelines.service.ts';

/** A conversation to be created. */
export interface NewConversation {
  /** Generated if absent. */
  id?: string;
  spaceId: string;
  roomId?: string;
  subject?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  channel?: {
    id: string;
    deploymentType: string;
    /** Null if the conversation must not be found by its sender: withheld number, or beside another call. */
    senderId: string | null;
    target: Target | null;
    targetName: string | null;
  };
  contact?: { id: string; name: string };
  /** The only accounts and agents that can see it; null for the whole space. */
  audience?: readonly string[] | null;
  /** Participants in addition to the contact and the target's agent. */
  participants: NewParticipant[];
}

/** Creates conversations with room, participants, owner and first event. */
@Injectable()
export class OpeningService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly timelines: TimelinesService,
    private readonly directory: DirectoryRepository,
  ) {}

  /** A timeline with `conversation.created` on it, to be written by the caller; the active one if the sender has one by now. */
  async open(trx: ConversationTrx, requested: NewConversation): Promise<Timeline> {
    const [timeline] = await this.openMany(trx, [requested]);
    if (!timeline) throw new Error('A conversation could neither be created nor found.');
    return timeline;
  }

  /** Opens many conversations of different senders with few statements. */
  async openMany(trx: ConversationTrx, requested: readonly NewConversation[]): Promise<Timeline[]> {
    const agents = await this.directory.findAgents(
      trx,
      requested.flatMap(({ channel }) => channel?.target?.agentId ?? []),
    );
    const drafts = requested.map((one) => {
      const agentId = one.channel?.target?.agentId ?? '';
      return { ...one, participants: participantsOf(one, agents.get(`${one.spaceId} ${agentId}`)) };
    });
    const created = await this.insert(trx, drafts);
    const remaining = requested.filter((one) => !created.has(draftKey(one)));
    const active = await this.lockActive(trx, remaining);
    return requested.flatMap((one) => created.get(draftKey(one)) ?? active.get(draftKey(one)) ?? []);
  }

  /** Conversations first, in the order of their senders: whoever comes second waits there, and leaves nothing behind. */
  private async insert(
    trx: ConversationTrx,
    drafts: readonly NewConversation[],
  ): Promise<Map<string, Timeline>> {
    const byId = new Map(drafts.map((draft) => [draft.id ?? newId('conv'), draft]));
    const conversationRows = [...byId].map(([id, draft]) => toRow(id, draft));
    const rows = await this.conversations.insertMany(
      trx,
      conversationRows.sort((a, b) => (rowKey(a) < rowKey(b) ? -1 : 1)),
    );
    await this.conversations.insertRooms(
      trx,
      rows
        .filter((row) => !byId.get(row.id)?.roomId)
        .map((row) => ({
          space_id: row.space_id,
          id: row.room_id,
          type: 'standard' as const,
          name: null,
          pair: null,
        })),
    );
    const timelines = new Map<string, Timeline>();
    const joined: ParticipantRow[] = [];
    for (const row of rows) {
      const draft = byId.get(row.id);
      if (!draft) continue;
      const { space_id, id: parent_id } = row;
      const participants = draft.participants.map((one) => ({ ...one, space_id, parent_id }));
      joined.push(...participants);
      const timeline = new Timeline(row);
      timeline.addCreated(participants);
      timelines.set(draftKey(draft), timeline);
    }
    await this.conversations.insertParticipants(trx, joined);
    return timelines;
  }

  /** Locks the active conversations that concurrent requests have created. */
  private async lockActive(
    trx: ConversationTrx,
    requested: readonly NewConversation[],
  ): Promise<Map<string, Timeline>> {
    const rows = await this.conversations.lockActiveMany(
      trx,
      requested.flatMap(({ spaceId, channel }) =>
        channel && channel.senderId !== null
          ? [{ spaceId, channelId: channel.id, senderId: channel.senderId }]
          : [],
      ),
    );
    const timelines = this.timelines.open(rows);
    return new Map([...timelines.values()].map((timeline) => [rowKey(timeline.conversation), timeline]));
  }
}

/** Key of a draft: conversations of a channel are distinguished by sender. */
function draftKey(draft: NewConversation): string {
  const { channel } = draft;
  return channel ? `${draft.spaceId} ${channel.id} ${channel.senderId}` : 'without a channel';
}

function rowKey(row: Pick<ConversationRow, 'space_id' | 'channel_id' | 'sender_id'>): string {
  return `${row.space_id} ${row.channel_id} ${row.sender_id}`;
}

function channelColumns(channel: NewConversation['channel']) {
  if (!channel) return { channel_id: null, deployment_type: null, sender_id: null, target: null };
  const { id, deploymentType, senderId, target } = channel;
  return {
    channel_id: id,
    deployment_type: deploymentType,
    sender_id: senderId,
    target: target && JSON.stringify(target),
  };
}

function toRow(id: string, draft: NewConversation) {
  const { spaceId, channel, contact, participants, roomId, subject, metadata } = draft;
  const agentIds = participants.flatMap((one) =>
    one.agent_id && one.auto_respond && one.agent_id !== channel?.target?.agentId ? [one.agent_id] : [],
  );
  const responds = agentIds.length > 0 || Boolean(channel?.target);
  return {
    space_id: spaceId,
    id,
    room_id: roomId ?? newId('room'),
    ...channelColumns(channel),
    contact_id: contact?.id ?? null,
    status: 'open' as const,
    owner: responds ? ('flow' as const) : ('none' as const),
    assignee: null,
    agent_ids: JSON.stringify(agentIds),
    subject: subject ?? null,
    metadata: JSON.stringify(metadata ?? {}),
    audience: draft.audience ? JSON.stringify(draft.audience) : null,
  };
}

function participantsOf(
  { contact, channel, participants }: NewConversation,
  agent: { account_id: string | null; name: string } | undefined,
): NewParticipant[] {
  const resolved: NewParticipant[] = [];
  const base = { account_id: null, contact_id: null, agent_id: null, role: 'member' as const };
  if (contact)
    resolved.push({
      ...base,
      id: newId('part'),
      contact_id: contact.id,
      name: contact.name,
      auto_respond: false,
    });
  const agentId = channel?.target?.agentId;
  if (agentId) {
    resolved.push({
      ...base,
      id: newId('part'),
      account_id: agent?.account_id ?? null,
      agent_id: agentId,
      name: agent?.name ?? channel.targetName ?? 'Agent',
      auto_respond: true,
    });
  }
  return [...resolved, ...participants];
}
