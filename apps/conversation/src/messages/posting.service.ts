import { Injectable } from '@nestjs/common';
import {
  type Message,
  type OperationInput,
  permissionDenied,
  type Principal,
  type postMessage,
  type postVisitorMessage,
  unprocessable,
} from '@parley/contracts';
import { authorOf, isVisitor, requireOwn } from '../access.ts';
import { ContactsRepository } from '../contacts/contacts.repository.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { OpeningService } from '../conversations/opening.service.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { MessagesRepository } from './messages.repository.ts';

type PostInput = Pick<OperationInput<typeof postMessage>, 'parts' | 'internal' | 'metadata' | 'replyTo'>;
type VisitorInput = OperationInput<typeof postVisitorMessage>;

/** Messages that come over the API or a socket. */
@Injectable()
export class PostingService {
  constructor(
    private readonly contacts: ContactsRepository,
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly opening: OpeningService,
    private readonly timelines: TimelinesService,
  ) {}

  async post(
    trx: ConversationTrx,
    timeline: Timeline,
    principal: Principal,
    input: PostInput,
  ): Promise<Message> {
    const { conversation } = timeline;
    const visitor = isVisitor(principal);
    await this.requirePossible(trx, timeline, principal, input);
    if (conversation.status === 'paused' && !input.internal) timeline.setStatus('open');
    const author = authorOf(principal);
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
    const timeline = input.conversationId
      ? await this.named(trx, principal, input.spaceId, input.conversationId)
      : await this.active(trx, principal, input);
    return this.post(trx, timeline, principal, {
      parts: input.parts,
      internal: false,
      metadata: input.metadata,
    });
  }

  /** A visitor may still name a conversation that was closed meanwhile: then it goes on in a new one. */
  private async named(
    trx: ConversationTrx,
    principal: Principal,
    spaceId: string,
    id: string,
  ): Promise<Timeline> {
    const row = requireOwn(principal, await this.conversations.lock(trx, spaceId, id));
    const timeline = (await this.timelines.open(trx, [row])).get(row.id);
    if (!timeline) throw new Error('A conversation was lost while it was opened.');
    return timeline;
  }

  private async active(trx: ConversationTrx, principal: Principal, input: VisitorInput): Promise<Timeline> {
    const { spaceId, channel } = input;
    const senderId = principal.visitorId ?? '';
    const row = await this.conversations.lockActive(trx, { spaceId, channelId: channel.channelId, senderId });
    if (row) return this.named(trx, principal, spaceId, row.id);
    const contact = { id: principal.contactId ?? '', name: principal.name ?? 'Visitor' };
    await this.contacts.insert(trx, [{ space_id: spaceId, id: contact.id, name: principal.name ?? null }]);
    await this.contacts.claimIdentities(trx, [
      {
        space_id: spaceId,
        channel_id: channel.channelId,
        type: 'visitor',
        value: senderId,
        contact_id: contact.id,
      },
    ]);
    return this.opening.open(trx, {
      spaceId,
      channel: {
        id: channel.channelId,
        deploymentType: channel.deploymentType,
        senderId,
        target: channel.target,
        targetName: channel.agentName ?? null,
      },
      contact,
      participants: [],
    });
  }

  private stored(rows: Parameters<typeof toMessage>[0][]): Message {
    const row = rows.at(-1);
    if (!row) throw new Error('A message was not stored.');
    return toMessage(row);
  }
}
