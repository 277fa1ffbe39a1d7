import { Injectable } from '@nestjs/common';
import { newId, unprocessable } from '@parley/contracts';
import type { ConversationTrx, ParticipantRow, Target } from '../database.ts';
import { DirectoryRepository } from '../directory/directory.repository.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { Timeline } from './timeline.ts';
import { TimelinesService } from './timelines.service.ts';

/** A conversation about to begin. */
export interface NewConversation {
  spaceId: string;
  roomId?: string;
  subject?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  channel?: {
    id: string;
    deploymentType: string;
    senderId: string;
    target: Target | null;
    targetName: string | null;
  };
  contact?: { id: string; name: string };
  /** Beside the contact and the target's agent. */
  participants: Omit<ParticipantRow, 'space_id' | 'parent_id'>[];
}

/** Begins conversations: room, participants, owner, and the first event. */
@Injectable()
export class OpeningService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly timelines: TimelinesService,
    private readonly directory: DirectoryRepository,
  ) {}

  /** A timeline with `conversation.created` on it, to be written by the caller; the active one if the sender has one by now. */
  async open(trx: ConversationTrx, wanted: NewConversation): Promise<Timeline> {
    const { spaceId, channel, contact } = wanted;
    const participants = await this.participantsOf(trx, wanted);
    const responds =
      participants.some((one) => one.agent_id !== null && one.auto_respond) ||
      Boolean(channel?.target?.flowId);
    const row = await this.conversations.insert(trx, {
      space_id: spaceId,
      id: newId('conv'),
      room_id: wanted.roomId ?? (await this.makeRoom(trx, spaceId)),
      ...channelColumns(channel),
      contact_id: contact?.id ?? null,
      status: 'open',
      owner: responds ? 'flow' : 'none',
      assignee: null,
      subject: wanted.subject ?? null,
      metadata: JSON.stringify(wanted.metadata ?? {}),
    });
    if (!row) return this.active(trx, wanted);
    const rows = participants.map((one) => ({ ...one, space_id: spaceId, parent_id: row.id }));
    await this.conversations.insertParticipants(trx, rows);
    const timeline = new Timeline(row, rows);
    timeline.created();
    return timeline;
  }

  private async active(trx: ConversationTrx, { spaceId, channel }: NewConversation): Promise<Timeline> {
    const row =
      channel &&
      (await this.conversations.lockActive(trx, {
        spaceId,
        channelId: channel.id,
        senderId: channel.senderId,
      }));
    if (!row) throw new Error('A conversation could neither be made nor found.');
    const timeline = (await this.timelines.open(trx, [row])).get(row.id);
    if (!timeline) throw new Error('A conversation was lost while it was opened.');
    return timeline;
  }

  private async makeRoom(trx: ConversationTrx, spaceId: string): Promise<string> {
    const room = await this.conversations.insertRoom(trx, {
      space_id: spaceId,
      id: newId('room'),
      type: 'standard',
      name: null,
      pair: null,
    });
    if (!room) throw new Error('A room could not be made.');
    return room.id;
  }

  private async participantsOf(
    trx: ConversationTrx,
    wanted: NewConversation,
  ): Promise<NewConversation['participants']> {
    const { contact, channel, spaceId } = wanted;
    const found: NewConversation['participants'] = [];
    if (contact) {
      found.push({
        id: newId('part'),
        account_id: null,
        contact_id: contact.id,
        agent_id: null,
        name: contact.name,
        role: 'member',
        auto_respond: false,
      });
    }
    const agentId = channel?.target?.agentId;
    if (agentId) {
      const known = await this.directory.find(trx, spaceId, agentId);
      const name = known?.name ?? channel.targetName ?? 'Agent';
      found.push({
        id: newId('part'),
        account_id: known?.account_id ?? null,
        contact_id: null,
        agent_id: agentId,
        name,
        role: 'member',
        auto_respond: true,
      });
    }
    return [...found, ...wanted.participants];
  }

  /** A participant as the API names it. */
  async resolve(
    trx: ConversationTrx,
    spaceId: string,
    asked: {
      agentId?: string | undefined;
      accountId?: string | undefined;
      contactId?: string | undefined;
      role: ParticipantRow['role'];
      autoRespond?: boolean | undefined;
    },
    contactName: (id: string) => Promise<string | null>,
  ): Promise<NewConversation['participants'][number]> {
    const { agentId, accountId, contactId, role } = asked;
    const base = {
      id: newId('part'),
      role,
      account_id: null,
      contact_id: null,
      agent_id: null,
      auto_respond: false,
    };
    if (contactId) {
      const name = await contactName(contactId);
      if (name === null) throw unknownParticipant('contactId');
      return { ...base, contact_id: contactId, name };
    }
    const known = await this.directory.find(trx, spaceId, agentId ?? accountId ?? '');
    if (!known || Boolean(agentId) !== known.id.startsWith('agent_'))
      throw unknownParticipant(agentId ? 'agentId' : 'accountId');
    if (!agentId) return { ...base, account_id: known.id, name: known.name };
    return {
      ...base,
      account_id: known.account_id,
      agent_id: agentId,
      name: known.name,
      auto_respond: asked.autoRespond ?? true,
    };
  }
}

function channelColumns(channel: NewConversation['channel']): {
  channel_id: string | null;
  deployment_type: string | null;
  sender_id: string | null;
  target: string | null;
} {
  if (!channel) return { channel_id: null, deployment_type: null, sender_id: null, target: null };
  const { id, deploymentType, senderId, target } = channel;
  return {
    channel_id: id,
    deployment_type: deploymentType,
    sender_id: senderId,
    target: target && JSON.stringify(target),
  };
}

function unknownParticipant(field: string): Error {
  return unprocessable('A participant does not exist in this space.', 'unknown_participant', [
    { pointer: `/participants/${field}`, detail: 'names nobody of this space' },
  ]);
}
