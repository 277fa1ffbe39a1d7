import { Injectable } from '@nestjs/common';
import { contactErased, newId } from '@parley/contracts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { RoomsRepository } from '../conversations/rooms.repository.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ContactRow, ConversationTrx, ParticipantRow } from '../database.ts';
import { ContactEventsService } from './contact-events.service.ts';
import { ContactsRepository } from './contacts.repository.ts';
import { ErasureRepository } from './erasure.repository.ts';

/** Merges and erases contacts, with their references in conversations and rooms. */
@Injectable()
export class MergingService {
  constructor(
    private readonly contacts: ContactsRepository,
    private readonly contactEvents: ContactEventsService,
    private readonly conversations: ConversationsRepository,
    private readonly rooms: RoomsRepository,
    private readonly erasures: ErasureRepository,
    private readonly timelines: TimelinesService,
  ) {}

  /** Merges `from` into `into`, whose name and attributes take precedence. */
  async merge(trx: ConversationTrx, into: ContactRow, from: ContactRow): Promise<ContactRow> {
    const { space_id: spaceId } = into;
    const timelines = await this.lockTimelines(trx, from);
    const allParticipants = await this.conversations.listParticipants(trx, idsOf(timelines));
    for (const timeline of timelines) {
      const participants = allParticipants.filter((one) => one.parent_id === timeline.conversation.id);
      const removed = await this.removeParticipant(
        trx,
        timeline,
        participantOfContact(participants, from.id),
      );
      if (!removed || participantOfContact(participants, into.id)) continue;
      const row = { ...removed, id: newId('part'), contact_id: into.id, name: into.name ?? removed.name };
      await this.conversations.insertParticipants(trx, [row]);
      timeline.addJoined(row);
    }
    await this.timelines.write(trx, timelines);
    const traces = {
      spaceId,
      contactId: from.id,
      conversationIds: idsOf(timelines),
    };
    await this.erasures.reassignReferences(trx, traces, into.id);
    await this.rooms.replaceContact(trx, spaceId, from.id, into);
    await this.contacts.markMerged(trx, from, into.id);
    const merged = await this.contacts.update(trx, into, {
      name: into.name ?? from.name,
      attributes: JSON.stringify({ ...from.attributes, ...into.attributes }),
      metadata: JSON.stringify({ ...from.metadata, ...into.metadata }),
    });
    await this.contactEvents.appendMerged(trx, { from, into: merged });
    return merged;
  }

  /** Erases a contact. Its messages stay, without name, address and identities. Its conversations are closed. */
  async erase(trx: ConversationTrx, contact: ContactRow): Promise<void> {
    const { space_id: spaceId, id: contactId } = contact;
    const timelines = await this.lockTimelines(trx, contact);
    const conversationIds = idsOf(timelines);
    const allParticipants = await this.conversations.listParticipants(trx, conversationIds);
    for (const timeline of timelines) {
      const participants = allParticipants.filter((one) => one.parent_id === timeline.conversation.id);
      await this.removeParticipant(trx, timeline, participantOfContact(participants, contactId));
      if (timeline.conversation.contact_id === contactId) {
        timeline.setStatus('closed');
        timeline.add(contactErased, {});
      }
    }
    await this.timelines.write(trx, timelines);
    await this.erasures.anonymizeReferences(trx, { spaceId, contactId, conversationIds });
    await this.rooms.removeContact(trx, spaceId, contactId);
    await this.erasures.scrubEvents(trx, spaceId, contactId);
    await this.contacts.delete(trx, contact);
  }

  private async lockTimelines(trx: ConversationTrx, contact: ContactRow): Promise<Timeline[]> {
    const ids = await this.conversations.listIdsOfContact(trx, contact.space_id, contact.id);
    const rows = await this.conversations.lockMany(trx, ids);
    return [...this.timelines.open(rows).values()];
  }

  private async removeParticipant(
    trx: ConversationTrx,
    timeline: Timeline,
    row: ParticipantRow | undefined,
  ): Promise<ParticipantRow | undefined> {
    if (!row) return undefined;
    await this.conversations.deleteParticipant(trx, row.space_id, row.parent_id, row.id);
    timeline.addLeft(row);
    return row;
  }
}

function idsOf(timelines: readonly Timeline[]): string[] {
  return timelines.map(({ conversation }) => conversation.id);
}

function participantOfContact(
  rows: readonly ParticipantRow[],
  contactId: string,
): ParticipantRow | undefined {
  return rows.find((one) => one.contact_id === contactId);
}
