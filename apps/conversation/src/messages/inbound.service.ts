import { Injectable } from '@nestjs/common';
import { type EventEnvelope, type messageReceived, newId } from '@parley/contracts';
import { ContactsRepository, type IdentityRow } from '../contacts/contacts.repository.ts';
import { identityType } from '../contacts/identity-type.ts';
import { ConversationsRepository, type SenderKey } from '../conversations/conversations.repository.ts';
import { type NewConversation, OpeningService } from '../conversations/opening.service.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx } from '../database.ts';
import { MessagesRepository } from './messages.repository.ts';

type Received = EventEnvelope<typeof messageReceived>;

interface Sender {
  contactId: string;
  name: string;
}

const senderKey = (channelId: string, senderId: string): string => `${channelId} ${senderId}`;
const keyOf = ({ data }: Received): string => senderKey(data.channelId, data.sender.id);
const distinct = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];

/** What reaches channels becomes messages of conversations: a batch as few statements, conversations locked in order. */
@Injectable()
export class InboundService {
  constructor(
    private readonly contacts: ContactsRepository,
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

  private async resolveSenders(
    trx: ConversationTrx,
    events: readonly Received[],
  ): Promise<Map<string, Sender>> {
    const wanted = new Map(events.map((event) => [keyOf(event), event]));
    const find = async (): Promise<Map<string, string>> => {
      const rows = await this.contacts.findIdentities(trx, [...wanted.values()].map(identityOf));
      return new Map(rows.map((row) => [senderKey(row.channel_id, row.value), row.contact_id]));
    };
    let known = await find();
    const missing = [...wanted].filter(([key]) => !known.has(key)).map(([, event]) => event);
    if (missing.length > 0) {
      await this.makeContacts(trx, missing);
      known = await find();
    }
    return new Map(
      [...wanted].map(([key, { data }]) => [
        key,
        { contactId: known.get(key) ?? '', name: data.sender.name ?? data.sender.id },
      ]),
    );
  }

  private async makeContacts(trx: ConversationTrx, events: readonly Received[]): Promise<void> {
    const identities = events
      .map((event) => ({ ...identityOf(event), contact_id: newId('cont') }))
      .sort((a, b) => (senderKey(a.channel_id, a.value) < senderKey(b.channel_id, b.value) ? -1 : 1));
    const claimed = await this.contacts.claimIdentities(trx, identities);
    const names = new Map(events.map((event) => [keyOf(event), event.data.sender.name]));
    const rows = claimed.map((row) => ({
      space_id: row.space_id,
      id: row.contact_id,
      name: names.get(senderKey(row.channel_id, row.value)) ?? null,
    }));
    await this.contacts.insert(trx, rows);
  }

  private async openTimelines(
    trx: ConversationTrx,
    events: readonly Received[],
    senders: Map<string, Sender>,
  ): Promise<Map<string, Timeline>> {
    const active = new Map(events.map((event) => [keyOf(event), senderOf(event)]));
    const rows = await this.conversations.lockActiveMany(trx, [...active.values()]);
    const opened = this.timelines.open(rows);
    const byKey = new Map<string, Timeline>();
    for (const timeline of opened.values()) {
      const { channel_id: channelId, sender_id: senderId } = timeline.conversation;
      byKey.set(senderKey(channelId ?? '', senderId ?? ''), timeline);
    }
    const missing = new Map(
      events.filter((event) => !byKey.has(keyOf(event))).map((event) => [keyOf(event), event]),
    );
    const wanted = [...missing].map(([key, event]) => toNewConversation(event, senders.get(key)));
    for (const timeline of await this.opening.openMany(trx, wanted)) {
      const { channel_id: channelId, sender_id: senderId } = timeline.conversation;
      byKey.set(senderKey(channelId ?? '', senderId ?? ''), timeline);
    }
    return byKey;
  }
}

function senderOf({ spaceId, data }: Received): SenderKey {
  return { spaceId, channelId: data.channelId, senderId: data.sender.id };
}

function toNewConversation({ spaceId, data }: Received, sender: Sender | undefined): NewConversation {
  return {
    spaceId,
    channel: {
      id: data.channelId,
      deploymentType: data.deploymentType,
      senderId: data.sender.id,
      target: data.target,
      targetName: data.targetName,
    },
    contact: { id: sender?.contactId ?? '', name: sender?.name ?? data.sender.id },
    participants: [],
  };
}

function append(timeline: Timeline, { data }: Received, sender: Sender): void {
  if (timeline.conversation.status === 'paused') timeline.setStatus('open');
  timeline.post({
    author: { type: 'contact', contactId: sender.contactId, name: sender.name },
    parts: data.parts,
    metadata: data.metadata,
    providerMessageId: data.providerMessageId,
    wakes: timeline.conversation.owner === 'flow',
  });
}

function identityOf({ spaceId, data }: Received): Omit<IdentityRow, 'contact_id'> {
  return {
    space_id: spaceId,
    channel_id: data.channelId,
    type: identityType(data.deploymentType),
    value: data.sender.id,
  };
}
