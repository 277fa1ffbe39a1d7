import { Injectable } from '@nestjs/common';
import type { EventEnvelope, messageReceived } from '@parley/contracts';
import { type Sender, senderKey, SendersService, storedSenderId } from '../contacts/senders.service.ts';
import { ConversationsRepository, type SenderKey } from '../conversations/conversations.repository.ts';
import { type NewConversation, OpeningService } from '../conversations/opening.service.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx } from '../database.ts';
import { MessagesRepository } from './messages.repository.ts';

type Received = EventEnvelope<typeof messageReceived>;

interface Author {
  contactId: string;
  name: string;
}

const placeKey = (channelId: string | null, senderId: string | null): string => `${channelId} ${senderId}`;
const keyOf = ({ data }: Received): string => placeKey(data.channelId, senderIdOf(data));
const distinct = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];

/** What reaches channels becomes messages of conversations: a batch as few statements, conversations locked in order. */
@Injectable()
export class InboundService {
  constructor(
    private readonly senders: SendersService,
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly opening: OpeningService,
    private readonly timelines: TimelinesService,
  ) {}

  async receive(trx: ConversationTrx, events: readonly Received[]): Promise<void> {
    const fresh = await this.dropKnown(trx, events);
    if (fresh.length === 0) return;
    const senders = await this.resolveSenders(trx, fresh);
    const timelines = await this.openTimelines(trx, fresh, senders);
    for (const event of fresh) {
      const timeline = timelines.get(keyOf(event));
      const sender = senders.get(keyOf(event));
      if (!timeline || !sender) throw new Error('A sender has no conversation.');
      append(timeline, event, sender);
    }
    await this.timelines.write(trx, new Set(timelines.values()));
  }

  private async dropKnown(trx: ConversationTrx, events: readonly Received[]): Promise<Received[]> {
    const channels = distinct(events.map(({ data }) => data.channelId));
    const known = await this.messages.knownProviderIds(
      trx,
      channels,
      distinct(events.map(({ data }) => data.providerMessageId)),
    );
    return events.filter(({ data }) => {
      const key = `${data.channelId} ${data.providerMessageId}`;
      if (known.has(key)) return false;
      known.add(key);
      return true;
    });
  }

  /** Contacts of the senders, and how they are called: by the contact's own name where it has one. */
  private async resolveSenders(
    trx: ConversationTrx,
    events: readonly Received[],
  ): Promise<Map<string, Author>> {
    const known = await this.senders.resolve(trx, events.map(toSender));
    return new Map(
      events.map((event) => {
        const contact = known.get(senderKey(toSender(event)));
        const { name, id } = event.data.sender;
        return [keyOf(event), { contactId: contact?.id ?? '', name: contact?.name ?? name ?? id }];
      }),
    );
  }

  private async openTimelines(
    trx: ConversationTrx,
    events: readonly Received[],
    senders: Map<string, Author>,
  ): Promise<Map<string, Timeline>> {
    const active = new Map(events.map((event) => [keyOf(event), senderOf(event)]));
    const rows = await this.conversations.lockActiveMany(trx, [...active.values()]);
    const opened = this.timelines.open(rows);
    const byKey = new Map<string, Timeline>();
    for (const timeline of opened.values()) {
      const { channel_id: channelId, sender_id: senderId } = timeline.conversation;
      byKey.set(placeKey(channelId, senderId), timeline);
    }
    const missing = new Map(
      events.filter((event) => !byKey.has(keyOf(event))).map((event) => [keyOf(event), event]),
    );
    const wanted = [...missing].map(([key, event]) => toNewConversation(event, senders.get(key)));
    for (const timeline of await this.opening.openMany(trx, wanted)) {
      const { channel_id: channelId, sender_id: senderId } = timeline.conversation;
      byKey.set(placeKey(channelId, senderId), timeline);
    }
    return byKey;
  }
}

function senderOf({ spaceId, data }: Received): SenderKey {
  return { spaceId, channelId: data.channelId, senderId: senderIdOf(data) };
}

function senderIdOf({ deploymentType, sender }: Received['data']): string {
  return storedSenderId(deploymentType, sender.id);
}

function toSender({ spaceId, data }: Received): Sender {
  const { channelId, deploymentType, sender } = data;
  return { spaceId, channelId, deploymentType, senderId: sender.id, name: sender.name };
}

function toNewConversation({ spaceId, data }: Received, sender: Author | undefined): NewConversation {
  return {
    spaceId,
    channel: {
      id: data.channelId,
      deploymentType: data.deploymentType,
      senderId: senderIdOf(data),
      target: data.target,
      targetName: data.targetName,
    },
    contact: { id: sender?.contactId ?? '', name: sender?.name ?? data.sender.id },
    participants: [],
  };
}

function append(timeline: Timeline, { data }: Received, sender: Author): void {
  if (timeline.conversation.status === 'paused') timeline.setStatus('open');
  timeline.post({
    author: { type: 'contact', contactId: sender.contactId, name: sender.name },
    parts: data.parts,
    metadata: data.metadata,
    providerMessageId: data.providerMessageId,
    language: data.language,
    wakes: timeline.conversation.owner === 'flow',
  });
}
