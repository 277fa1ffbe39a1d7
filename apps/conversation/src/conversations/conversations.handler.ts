import { Controller } from '@nestjs/common';
import {
  addParticipant,
  createConversation,
  getConversation,
  handOff,
  listConversations,
  listParticipants,
  notFound,
  type OperationInput,
  type OperationOutput,
  participantLeft,
  release,
  removeParticipant,
  takeOver,
  unprocessable,
  updateConversation,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { authorOf, cursorOf, isVisitor, requireOwn } from '../access.ts';
import { ContactsRepository } from '../contacts/contacts.repository.ts';
import type { ConversationTrx, Tables } from '../database.ts';
import { toParticipant } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { OpeningService } from './opening.service.ts';
import type { Timeline } from './timeline.ts';
import { TimelinesService } from './timelines.service.ts';
import { ViewsService } from './views.service.ts';

type Context = OperationContext<Tables>;
type View = OperationOutput<typeof getConversation>;

@Controller()
export class ConversationsHandler {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly contacts: ContactsRepository,
    private readonly opening: OpeningService,
    private readonly timelines: TimelinesService,
    private readonly views: ViewsService,
  ) {}

  @HandleOperation(createConversation)
  async create(input: OperationInput<typeof createConversation>, { trx, principal }: Context): Promise<View> {
    const { spaceId, roomId, subject, metadata } = input;
    if (roomId && !(await this.conversations.findRoom(trx, spaceId, roomId))) {
      throw unprocessable('The room does not exist.', 'unknown_room', [
        { pointer: '/roomId', detail: 'names no room of this space' },
      ]);
    }
    const participants = [];
    for (const asked of input.participants) {
      participants.push(
        await this.opening.resolve(trx, spaceId, asked, (id) => this.contactName(trx, spaceId, id)),
      );
    }
    const contact = participants.find((one) => one.contact_id !== null);
    const timeline = await this.opening.open(trx, {
      spaceId,
      subject,
      metadata,
      participants: participants.filter((one) => one !== contact),
      ...(roomId ? { roomId } : {}),
      ...(contact?.contact_id ? { contact: { id: contact.contact_id, name: contact.name } } : {}),
    });
    return this.finish(trx, principal, timeline);
  }

  @HandleOperation(listConversations)
  async list(
    input: OperationInput<typeof listConversations>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listConversations>> {
    const contactId = isVisitor(principal) ? principal.contactId : input.contactId;
    const rows = await this.conversations.list(trx, { ...input, contactId, before: cursorOf(input.cursor) });
    const data = await this.views.many(trx, principal, rows.slice(0, input.limit));
    return { data, nextCursor: rows.length > input.limit ? (data.at(-1)?.id ?? null) : null };
  }

  @HandleOperation(getConversation)
  async get(input: OperationInput<typeof getConversation>, { trx, principal }: Context): Promise<View> {
    return this.views.one(
      trx,
      principal,
      requireOwn(principal, await this.conversations.find(trx, input.spaceId, input.conversationId)),
    );
  }

  @HandleOperation(updateConversation)
  async update(input: OperationInput<typeof updateConversation>, { trx, principal }: Context): Promise<View> {
    const timeline = await this.lock(trx, input, principal);
    const { subject, labels, metadata } = input;
    if (subject !== undefined || labels || metadata) {
      await this.conversations.update(trx, timeline.conversation, {
        ...(subject === undefined ? {} : { subject }),
        ...(labels ? { labels: JSON.stringify(labels) } : {}),
        ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
      });
    }
    if (input.status) timeline.setStatus(input.status);
    if (input.assignee !== undefined) {
      timeline.setOwner(timeline.conversation.owner, {
        assignee: input.assignee,
        by: authorOf(principal),
        reason: null,
      });
    }
    return this.finish(trx, principal, timeline);
  }

  @HandleOperation(takeOver)
  async takeOver(input: OperationInput<typeof takeOver>, { trx, principal }: Context): Promise<View> {
    const timeline = await this.lock(trx, input, principal);
    timeline.setOwner('human', {
      assignee: principal.accountId ?? null,
      by: authorOf(principal),
      reason: null,
    });
    return this.finish(trx, principal, timeline);
  }

  @HandleOperation(release)
  async release(input: OperationInput<typeof release>, { trx, principal }: Context): Promise<View> {
    const timeline = await this.lock(trx, input, principal);
    const answers =
      timeline.conversation.target !== null ||
      timeline.participants.some((one) => one.agent_id && one.auto_respond);
    timeline.setOwner(answers ? 'flow' : 'none', { assignee: null, by: authorOf(principal), reason: null });
    return this.finish(trx, principal, timeline);
  }

  @HandleOperation(handOff)
  async handOff(input: OperationInput<typeof handOff>, { trx, principal }: Context): Promise<View> {
    const timeline = await this.lock(trx, input, principal);
    timeline.setOwner('human', { assignee: null, by: authorOf(principal), reason: input.reason ?? null });
    return this.finish(trx, principal, timeline);
  }

  @HandleOperation(listParticipants)
  async participants(
    input: OperationInput<typeof listParticipants>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listParticipants>> {
    requireOwn(principal, await this.conversations.find(trx, input.spaceId, input.conversationId));
    const rows = await this.conversations.participants(trx, [input.conversationId]);
    return { data: rows.map(toParticipant), nextCursor: null };
  }

  @HandleOperation(addParticipant)
  async join(
    input: OperationInput<typeof addParticipant>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof addParticipant>> {
    const timeline = await this.lock(trx, input, principal);
    const resolved = await this.opening.resolve(trx, input.spaceId, input.participant, (id) =>
      this.contactName(trx, input.spaceId, id),
    );
    const row = { ...resolved, space_id: input.spaceId, parent_id: input.conversationId };
    await this.conversations.insertParticipants(trx, [row]);
    timeline.joined(row);
    if (row.auto_respond && timeline.conversation.owner === 'none')
      timeline.setOwner('flow', { by: authorOf(principal), reason: null });
    await this.timelines.write(trx, [timeline]);
    return toParticipant(row);
  }

  @HandleOperation(removeParticipant)
  async leave(
    input: OperationInput<typeof removeParticipant>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof removeParticipant>> {
    const timeline = await this.lock(trx, input, principal);
    const row = await this.conversations.deleteParticipant(
      trx,
      input.spaceId,
      input.conversationId,
      input.participantId,
    );
    if (!row) throw notFound('The participant');
    timeline.add(participantLeft, { participant: toParticipant(row) });
    await this.timelines.write(trx, [timeline]);
    return {};
  }

  private async lock(
    trx: ConversationTrx,
    input: { spaceId: string; conversationId: string },
    principal: Context['principal'],
  ): Promise<Timeline> {
    const row = requireOwn(
      principal,
      await this.conversations.lock(trx, input.spaceId, input.conversationId),
    );
    const timeline = (await this.timelines.open(trx, [row])).get(row.id);
    if (!timeline) throw notFound('The conversation');
    return timeline;
  }

  private async finish(
    trx: ConversationTrx,
    principal: Context['principal'],
    timeline: Timeline,
  ): Promise<View> {
    await this.timelines.write(trx, [timeline]);
    const { space_id: spaceId, id } = timeline.conversation;
    return this.views.one(
      trx,
      principal,
      requireOwn(principal, await this.conversations.find(trx, spaceId, id)),
    );
  }

  private async contactName(trx: ConversationTrx, spaceId: string, id: string): Promise<string | null> {
    const row = await this.contacts.find(trx, spaceId, id);
    return row ? (row.name ?? 'Contact') : null;
  }
}
