import { Controller } from '@nestjs/common';
import {
  messageStatusChanged,
  badRequest,
  conflict,
  conversationRead,
  deleteMessage,
  editMessage,
  getMessage,
  listEvents,
  listMessages,
  markRead,
  notFound,
  type OperationInput,
  type OperationOutput,
  type Part,
  permissionDenied,
  postMessage,
  postVisitorMessage,
  roleIn,
} from '@parley/contracts';
import {
  type BeforeContext,
  BeforeOperation,
  HandleOperation,
  type OperationContext,
} from '@parley/messaging';
import { isVisitor, readerIdOf, requireVisible, messageFor } from '../access.ts';
import { AttachmentsService } from '../attachments/attachments.service.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import { SpaceNamesService } from '../directory/space-names.service.ts';
import type { ConversationTrx, MessageRow, Tables } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { EventViewsService } from './event-views.service.ts';
import { MessagesRepository } from './messages.repository.ts';
import { PostingService } from './posting.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;
type Posted = OperationOutput<typeof postMessage>;

/** What is known of a message before its transaction. */
interface ConfirmedPost {
  parts: Part[];
  spaceName: string | null;
}

@Controller()
export class MessagesHandler {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly posting: PostingService,
    private readonly timelines: TimelinesService,
    private readonly attachments: AttachmentsService,
    private readonly eventViews: EventViewsService,
    private readonly spaceNames: SpaceNamesService,
  ) {}

  @BeforeOperation(postMessage)
  async beforePost(
    input: OperationInput<typeof postMessage>,
    { principal }: BeforeContext,
  ): Promise<ConfirmedPost> {
    const [parts, spaceName] = await Promise.all([
      this.attachments.confirmFiles(principal, input),
      this.spaceNames.nameFor(principal, input.spaceId),
    ]);
    return { parts, spaceName };
  }

  @HandleOperation(postMessage)
  async post(
    input: OperationInput<typeof postMessage>,
    { trx, principal, before }: Context<ConfirmedPost>,
  ): Promise<Posted> {
    return messageFor(principal, await this.posting.post(trx, principal, input, { ...input, ...before }));
  }

  @BeforeOperation(postVisitorMessage)
  async beforeVisitor(
    { spaceId, conversationId = '', parts }: OperationInput<typeof postVisitorMessage>,
    { principal }: BeforeContext,
  ): Promise<Part[]> {
    return this.attachments.confirmFiles(principal, { spaceId, conversationId, parts });
  }

  @HandleOperation(postVisitorMessage)
  async postAsVisitor(
    input: OperationInput<typeof postVisitorMessage>,
    { trx, principal, before: parts }: Context<Part[]>,
  ): Promise<Posted> {
    return messageFor(principal, await this.posting.postAsVisitor(trx, principal, { ...input, parts }));
  }

  @HandleOperation(listMessages)
  async list(
    input: OperationInput<typeof listMessages>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listMessages>> {
    requireVisible(principal, await this.conversations.find(trx, input.spaceId, input.conversationId));
    const before = input.beforeSequence ?? null;
    const after = sequenceOf(input.cursor) ?? input.afterSequence ?? null;
    const { spaceId, conversationId, limit } = input;
    const rows = await this.messages.list(trx, {
      spaceId,
      conversationId,
      limit,
      after,
      before,
      withInternal: !isVisitor(principal),
    });
    const shown = rows.slice(0, limit).sort((a, b) => a.sequence - b.sequence);
    const forwards = before === null || after !== null;
    return {
      data: shown.map((row) => messageFor(principal, toMessage(row))),
      nextCursor: forwards && rows.length > limit ? String(shown.at(-1)?.sequence) : null,
    };
  }

  @HandleOperation(getMessage)
  async get(input: OperationInput<typeof getMessage>, { trx, principal }: Context): Promise<Posted> {
    requireVisible(principal, await this.conversations.find(trx, input.spaceId, input.conversationId));
    return messageFor(principal, toMessage(await this.find(trx, input, principal)));
  }

  @BeforeOperation(editMessage)
  async beforeEdit(input: OperationInput<typeof editMessage>, { principal }: BeforeContext): Promise<Part[]> {
    return this.attachments.confirmEditedFiles(principal, input);
  }

  @HandleOperation(editMessage)
  async edit(
    input: OperationInput<typeof editMessage>,
    { trx, principal, before: parts }: Context<Part[]>,
  ): Promise<Posted> {
    const timeline = await this.timelines.lock(trx, input, principal);
    const row = await this.findOwn(trx, input, principal);
    if (row.deleted_at) throw conflict('The message was deleted. Post a new one.', 'message_deleted');
    return this.rewrite(trx, timeline, row, { parts: JSON.stringify(parts), change: 'edited' });
  }

  @HandleOperation(deleteMessage)
  async delete(input: OperationInput<typeof deleteMessage>, { trx, principal }: Context): Promise<Posted> {
    const timeline = await this.timelines.lock(trx, input, principal);
    const row = await this.findOwn(trx, input, principal);
    if (row.deleted_at) return toMessage(row);
    return this.rewrite(trx, timeline, row, { parts: '[]', change: 'deleted' });
  }

  @HandleOperation(markRead)
  async read(
    input: OperationInput<typeof markRead>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof markRead>> {
    const timeline = await this.timelines.lock(trx, input, principal);
    const sequence = Math.min(input.sequence, timeline.conversation.last_sequence);
    const { spaceId, conversationId } = input;
    if (
      !(await this.messages.markRead(trx, {
        spaceId,
        conversationId,
        readerId: readerIdOf(principal),
        sequence,
      }))
    )
      return {};
    timeline.add(conversationRead, {
      readSequence: sequence,
      accountId: principal.accountId ?? null,
      contactId: principal.contactId ?? null,
    });
    if (isVisitor(principal)) {
      for (const messageId of await this.messages.markReadByContact(trx, input, sequence))
        timeline.add(messageStatusChanged, { messageId, status: 'read', statusReason: null });
    }
    await this.timelines.write(trx, [timeline]);
    return {};
  }

  @HandleOperation(listEvents)
  async events(
    input: OperationInput<typeof listEvents>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listEvents>> {
    const { spaceId, conversationId, afterSequence, limit } = input;
    const row = requireVisible(principal, await this.conversations.find(trx, spaceId, conversationId));
    const rows = await this.messages.events(trx, spaceId, conversationId, { after: afterSequence, limit });
    const last = rows.at(-1)?.sequence;
    const shown = isVisitor(principal) ? await this.eventViews.forVisitor(trx, rows) : rows;
    return {
      data: shown.map((event) => ({
        id: event.event_id,
        name: event.name,
        conversationId,
        sequence: event.sequence ?? 0,
        time: event.occurred_at.toISOString(),
        data: event.data as OperationOutput<typeof listEvents>['data'][number]['data'],
      })),
      nextCursor: rows.length === limit && last ? String(last) : null,
      lastSequence: row.last_sequence,
    };
  }

  private async find(
    trx: ConversationTrx,
    input: { spaceId: string; conversationId: string; messageId: string },
    principal: Context['principal'],
  ): Promise<MessageRow> {
    const row = await this.messages.find(trx, input.spaceId, input.conversationId, input.messageId);
    if (!row || (row.internal && isVisitor(principal))) throw notFound('The message');
    return row;
  }

  private async findOwn(
    trx: ConversationTrx,
    input: { spaceId: string; conversationId: string; messageId: string },
    principal: Context['principal'],
  ): Promise<MessageRow> {
    const row = await this.find(trx, input, principal);
    const role = roleIn(principal, input.spaceId);
    const own = row.author.accountId === (principal.accountId ?? principal.id);
    if (!own && role !== 'owner' && role !== 'admin')
      throw permissionDenied('Only its author, an admin or the owner may change a message.');
    return row;
  }

  private async rewrite(
    trx: ConversationTrx,
    timeline: Timeline,
    row: MessageRow,
    to: { parts: string; change: 'edited' | 'deleted' },
  ): Promise<Posted> {
    const message = toMessage(await this.messages.rewrite(trx, row, to.parts, to.change === 'deleted'));
    timeline.changeMessage(row, { message, change: to.change });
    await this.timelines.write(trx, [timeline]);
    return message;
  }
}

function sequenceOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (!/^\d{1,15}$/.test(cursor))
    throw badRequest('The cursor is not one that a list gave. Start again without it.');
  return Number(cursor);
}
