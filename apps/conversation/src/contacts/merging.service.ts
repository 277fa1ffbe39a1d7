import { Injectable } from '@nestjs/common';
import { contactErased, newId } from '@parley/contracts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { RoomsRepository } from '../conversations/rooms.repository.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ContactRow, ConversationTrx, ParticipantRow } from '../database.ts';
import { ContactNewsService } from './contact-news.service.ts';
import { ContactsRepository } from './contacts.repository.ts';
import { ErasureRepository } from './erasure.repository.ts';

/** Makes two contacts one, and erases contacts: in all that they took part in. */
@Injectable()
export class MergingService {
  constructor(
    private readonly contacts: ContactsRepository,
    private readonly news: ContactNewsService,
    private readonly conversations: ConversationsRepository,
    private readonly rooms: RoomsRepository,
    private readonly erasures: ErasureRepository,
    private readonly timelines: TimelinesService,
  ) {}

  /** `from` becomes part of `into`, whose own name and attributes win. */
  async merge(trx: ConversationTrx, into: ContactRow, from: ContactRow): Promise<ContactRow> {
    const { space_id: spaceId } = into;
    const timelines = await this.lockAll(trx, from);
    const present = await this.conversations.participants(trx, idsOf(timelines));
    for (const timeline of timelines) {
      const here = present.filter((one) => one.parent_id === timeline.conversation.id);
      const left = await this.leave(trx, timeline, ofContact(here, from.id));
      if (!left || ofContact(here, into.id)) continue;
      const row = { ...left, id: newId('part'), contact_id: into.id, name: into.name ?? left.name };
      await this.conversations.insertParticipants(trx, [row]);
      timeline.joined(row);
    }
    await this.timelines.write(trx, timelines);
    const traces = {
      spaceId,
      contactId: from.id,
      conversationIds: idsOf(timelines),
    };
    await this.erasures.reassign(trx, traces, into.id);
    await this.rooms.replaceContact(trx, spaceId, from.id, into);
    await this.contacts.redirect(trx, from, into.id);
    const merged = await this.contacts.update(trx, into, {
      name: into.name ?? from.name,
      attributes: JSON.stringify({ ...from.attributes, ...into.attributes }),
      metadata: JSON.stringify({ ...from.metadata, ...into.metadata }),
    });
    await this.news.merged(trx, { from, into: merged });
    return merged;
  }

  /** The person goes, what was said stays: without name, address and identities. Active conversations are closed. */
  async erase(trx: ConversationTrx, contact: ContactRow): Promise<void> {
    const { space_id: spaceId, id: contactId } = contact;
    const timelines = await this.lockAll(trx, contact);
    const conversationIds = idsOf(timelines);
    const present = await this.conversations.participants(trx, conversationIds);
    for (const timeline of timelines) {
      const here = present.filter((one) => one.parent_id === timeline.conversation.id);
      await this.leave(trx, timeline, ofContact(here, contactId));
      if (timeline.conversation.contact_id === contactId) {
        timeline.setStatus('closed');
        timeline.add(contactErased, {});
      }
    }
    await this.timelines.write(trx, timelines);
    await this.erasures.anonymise(trx, { spaceId, contactId, conversationIds });
    await this.rooms.removeContact(trx, spaceId, contactId);
    await this.erasures.scrubEvents(trx, spaceId, contactId);
    await this.contacts.delete(trx, contact);
  }

  private async lockAll(trx: ConversationTrx, contact: ContactRow): Promise<Timeline[]> {
    const ids = await this.conversations.idsOfContact(trx, contact.space_id, contact.id);
    const rows = await this.conversations.lockMany(trx, ids);
    return [...this.timelines.open(rows).values()];
  }

  private async leave(
    trx: ConversationTrx,
    timeline: Timeline,
    row: ParticipantRow | undefined,
  ): Promise<ParticipantRow | undefined> {
    if (!row) return undefined;
    await this.conversations.deleteParticipant(trx, row.space_id, row.parent_id, row.id);
    timeline.left(row);
    return row;
  }
}

function idsOf(timelines: readonly Timeline[]): string[] {
  return timelines.map(({ conversation }) => conversation.id);
}

function ofContact(rows: readonly ParticipantRow[], contactId: string): ParticipantRow | undefined {
  return rows.find((one) => one.contact_id === contactId);
}
