import { Injectable } from '@nestjs/common';
import {
  type Message,
  newId,
  type OperationInput,
  permissionDenied,
  type Principal,
  type postMessage,
  type postVisitorMessage,
  unprocessable,
} from '@parley/contracts';
import { audienceFilterOf, isVisitor, visitorFilterOf, requireVisible, writerOf } from '../access.ts';
import { SendersService } from '../contacts/senders.service.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { DeletionRepository } from '../conversations/deletion.repository.ts';
import { OpeningService } from '../conversations/opening.service.ts';
import { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { MessagesRepository } from './messages.repository.ts';
import { PostingRepository } from './posting.repository.ts';

type PostInput = Pick<OperationInput<typeof postMessage>, 'parts' | 'internal' | 'metadata' | 'replyTo'> & {
  /** The name that an API key without an account writes under. */
  spaceName: string | null;
};
type VisitorInput = OperationInput<typeof postVisitorMessage>;

/** Messages that come over the API or a socket. */
@Injectable()
export class PostingService {
  constructor(
    private readonly senders: SendersService,
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly opening: OpeningService,
    private readonly quick: PostingRepository,
    private readonly timelines: TimelinesService,
    private readonly deletions: DeletionRepository,
  ) {}

  /** A message into a conversation that is named: in one statement where nothing else changes. */
  async post(
    trx: ConversationTrx,
    principal: Principal,
    place: { spaceId: string; conversationId: string },
    input: PostInput,
  ): Promise<Message> {
    const posted = await this.postQuickly(trx, principal, place, input);
    return posted ?? this.append(trx, await this.timelines.lock(trx, place, principal), principal, input);
  }

  private async postQuickly(
    trx: ConversationTrx,
    principal: Principal,
    place: { spaceId: string; conversationId: string },
    input: PostInput,
  ): Promise<Message | null> {
    const visitor = visitorFilterOf(principal) ?? null;
    if (visitor && input.internal) return null;
    const row = await this.quick.post(trx, {
      spaceId: place.spaceId,
      conversationId: place.conversationId,
      id: newId('msg'),
      author: writerOf(principal, { id: place.spaceId, name: input.spaceName }),
      parts: input.parts,
      replyTo: input.replyTo ?? null,
      internal: input.internal,
      metadata: input.metadata ?? {},
      visitor,
      reader: audienceFilterOf(principal),
      assignable: principal.accountId !== undefined,
    });
    return row ? toMessage(row) : null;
  }

  private async append(
    trx: ConversationTrx,
    timeline: Timeline,
    principal: Principal,
    input: PostInput,
  ): Promise<Message> {
    const { conversation } = timeline;
    const visitor = isVisitor(principal);
    await this.requirePossible(trx, timeline, principal, input);
    if (conversation.status === 'paused' && !input.internal) timeline.setStatus('open');
    const author = writerOf(principal, { id: conversation.space_id, name: input.spaceName }, conversation);
    const outside = visitor || conversation.contact_id === null;
    // With a contact in the conversation, a member's public message is a takeover.
    if (!outside && !input.internal) {
      timeline.setOwner('human', {
        assignee: conversation.assignee ?? principal.accountId ?? null,
        by: author,
        reason: 'A member answered.',
      });
    }
    const wakes = !input.internal && timeline.conversation.owner === 'flow' && outside;
    timeline.post({
      author,
      parts: input.parts,
      replyTo: input.replyTo ?? null,
      internal: input.internal,
      metadata: input.metadata ?? {},
      wakes,
    });
    return this.stored(await this.timelines.write(trx, [timeline]));
  }

  private async requirePossible(
    trx: ConversationTrx,
    { conversation }: Timeline,
    principal: Principal,
    input: PostInput,
  ): Promise<void> {
    if (conversation.status === 'closed') {
      throw unprocessable(
        'The conversation is closed. Open it with PATCH {"status":"open"}, or start a new one.',
        'conversation_closed',
      );
    }
    if (input.internal && isVisitor(principal))
      throw permissionDenied('A visitor cannot write internal notes.');
    if (
      input.replyTo &&
      !(await this.messages.find(trx, conversation.space_id, conversation.id, input.replyTo))
    ) {
      throw unprocessable('The message it replies to is not in this conversation.', 'unknown_message', [
        { pointer: '/replyTo', detail: 'names no message here' },
      ]);
    }
  }

  async postAsVisitor(trx: ConversationTrx, principal: Principal, input: VisitorInput): Promise<Message> {
    const { contactId, visitorId } = principal;
    if (!isVisitor(principal) || !contactId || !visitorId)
      throw permissionDenied('Only visitors of a web channel may post here.');
    const { spaceId, conversationId } = input;
    const message = { parts: input.parts, internal: false, metadata: input.metadata, spaceName: null };
    const posted =
      conversationId && (await this.postQuickly(trx, principal, { spaceId, conversationId }, message));
    if (posted) return posted;
    const named = conversationId && (await this.named(trx, principal, input));
    return this.append(trx, named || (await this.active(trx, principal, input)), principal, message);
  }

  /** A visitor may still name a conversation that was closed or deleted meanwhile: then it goes on in its active one, or in a new one. */
  private async named(
    trx: ConversationTrx,
    principal: Principal,
    { spaceId, conversationId = '' }: VisitorInput,
  ): Promise<Timeline | null> {
    const found = await this.conversations.lock(trx, spaceId, conversationId);
    const deleted = found ? null : await this.deletions.findDeleted(trx, spaceId, conversationId);
    if (deleted && deleted.channelId === principal.channelId) return null;
    const row = requireVisible(principal, found);
    return row.status === 'closed' ? null : new Timeline(row);
  }

  private async active(trx: ConversationTrx, principal: Principal, input: VisitorInput): Promise<Timeline> {
    const { spaceId, channel } = input;
    const { channelId } = channel;
    const senderId = principal.visitorId ?? '';
    const row = await this.conversations.lockActive(trx, { spaceId, channelId, senderId });
    if (row) return new Timeline(row);
    return this.opening.open(trx, {
      spaceId,
      channel: {
        id: channelId,
        deploymentType: channel.deploymentType,
        senderId,
        target: channel.target,
        targetName: channel.agentName ?? null,
      },
      contact: await this.contactOf(trx, principal, { spaceId, ...channel }),
      participants: [],
    });
  }

  /** The contact behind a visitor: the one its session names, unless that was merged into another. */
  private async contactOf(
    trx: ConversationTrx,
    principal: Principal,
    { spaceId, channelId, deploymentType }: { spaceId: string; channelId: string; deploymentType: string },
  ): Promise<{ id: string; name: string }> {
    const { contactId = null, visitorId: senderId = '', name = null } = principal;
    const sender = { spaceId, channelId, deploymentType, senderId, name, contactId };
    const contact = await this.senders.resolveOne(trx, sender);
    return { id: contact.id, name: contact.name ?? 'Visitor' };
  }

  private stored(rows: Parameters<typeof toMessage>[0][]): Message {
    const row = rows.at(-1);
    if (!row) throw new Error('A message was not stored.');
    return toMessage(row);
  }
}
