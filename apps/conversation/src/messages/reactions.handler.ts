import { Controller } from '@nestjs/common';
import {
  addReaction,
  badRequest,
  listReceipts,
  notFound,
  type OperationInput,
  type OperationOutput,
  type Principal,
  type ProblemError,
  type Reaction,
  removeReaction,
  setTyping,
  typingName,
  unprocessable,
} from '@parley/contracts';
import { HandleOperation, LiveBus, type OperationContext } from '@parley/messaging';
import { toEmoji } from '@parley/text';
import { isVisitor, requireVisible, messageFor } from '../access.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx, MessageRow, Tables } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { isSameReaction, toReactions } from './reactions.ts';
import { MessagesRepository } from './messages.repository.ts';

type Context = OperationContext<Tables>;
type Changed = OperationOutput<typeof addReaction>;

/** Different reactions on one message: more would be a message of its own. */
const MOST_REACTIONS = 200;

/** What people do with messages beside writing them: react, read, be about to answer. */
@Controller()
export class ReactionsHandler {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly timelines: TimelinesService,
    private readonly live: LiveBus,
  ) {}

  @HandleOperation(addReaction)
  async add(input: OperationInput<typeof addReaction>, { trx, principal }: Context): Promise<Changed> {
    const emoji = toEmoji(input.emoji);
    if (emoji === undefined) throw notOneEmoji();
    const timeline = await this.timelines.lock(trx, input, principal);
    const row = await this.visible(trx, input, principal);
    const mine = reactionOf(principal, emoji);
    if (row.reactions.some((one) => isSameReaction(one, mine))) return messageFor(principal, toMessage(row));
    if (row.reactions.length >= MOST_REACTIONS)
      throw unprocessable(`A message takes at most ${MOST_REACTIONS} reactions.`, 'too_many_reactions');
    return messageFor(
      principal,
      await this.save(trx, timeline, { ...row, reactions: [...row.reactions, mine] }),
    );
  }

  @HandleOperation(removeReaction)
  async remove(input: OperationInput<typeof removeReaction>, { trx, principal }: Context): Promise<Changed> {
    const timeline = await this.timelines.lock(trx, input, principal);
    const row = await this.visible(trx, input, principal);
    // Words were taken as reactions once; they can be taken back.
    const mine = reactionOf(principal, toEmoji(input.emoji) ?? input.emoji);
    if (!row.reactions.some((one) => isSameReaction(one, mine))) throw notFound('The reaction');
    const reactions = row.reactions.filter((one) => !isSameReaction(one, mine));
    return messageFor(principal, await this.save(trx, timeline, { ...row, reactions }));
  }

  @HandleOperation(listReceipts)
  async receipts(
    input: OperationInput<typeof listReceipts>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listReceipts>> {
    requireVisible(principal, await this.conversations.find(trx, input.spaceId, input.conversationId));
    const { sequence } = await this.visible(trx, input, principal);
    const rows = await this.messages.readers(trx, input, sequence);
    const data = rows.map(({ reader_id: id, read_at: at }) => ({
      // A visitor learns that the other side has read, not who of it.
      accountId: id.startsWith('cont_') || isVisitor(principal) ? null : id,
      contactId: id.startsWith('cont_') ? id : null,
      status: 'read' as const,
      at: at.toISOString(),
    }));
    return { data, nextCursor: null };
  }

  @HandleOperation(setTyping)
  async typing(
    input: OperationInput<typeof setTyping>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof setTyping>> {
    const { spaceId, conversationId } = input;
    requireVisible(principal, await this.conversations.find(trx, spaceId, conversationId));
    const name = typingName(principal);
    this.live.publish(spaceId, conversationId, { type: 'typing', name, actorId: principal.id });
    return {};
  }

  private async visible(
    trx: ConversationTrx,
    input: { spaceId: string; conversationId: string; messageId: string },
    principal: Principal,
  ): Promise<MessageRow> {
    const row = await this.messages.find(trx, input.spaceId, input.conversationId, input.messageId);
    if (!row || (row.internal && isVisitor(principal))) throw notFound('The message');
    return { ...row, reactions: toReactions(row.reactions) };
  }

  private async save(
    trx: ConversationTrx,
    timeline: Awaited<ReturnType<TimelinesService['lock']>>,
    row: MessageRow,
  ): Promise<Changed> {
    const message = toMessage(await this.messages.saveReactions(trx, row));
    timeline.changeMessage(row, { message, change: 'reaction' });
    await this.timelines.write(trx, [timeline]);
    return message;
  }
}

function reactionOf(principal: Principal, emoji: string): Reaction {
  if (isVisitor(principal)) return { emoji, contactId: principal.contactId ?? null };
  return { emoji, accountId: principal.accountId ?? principal.id };
}

function notOneEmoji(): ProblemError {
  const detail = 'is exactly one emoji, such as 👍 or ❤️; text and several emoji are not';
  return badRequest('The reaction is not one emoji. Send exactly one.', [{ pointer: '/emoji', detail }]);
}
