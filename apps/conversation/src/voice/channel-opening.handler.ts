import { Controller } from '@nestjs/common';
import { conflict, openForChannel, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { senderAddress, SendersService, storedSenderId } from '../contacts/senders.service.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { DeletionRepository } from '../conversations/deletion.repository.ts';
import { OpeningService } from '../conversations/opening.service.ts';
import { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx, Tables } from '../database.ts';
import { LiveCallsRepository } from './live-calls.repository.ts';

type Input = OperationInput<typeof openForChannel>;

/**
 * Where calls and live sessions go: the conversation that a message of the same sender would go to. A caller who withholds
 * the number is a new contact in a new conversation each time, and no call joins a conversation in which another one goes on.
 */
@Controller()
export class ChannelOpeningHandler {
  constructor(
    private readonly senders: SendersService,
    private readonly calls: LiveCallsRepository,
    private readonly conversations: ConversationsRepository,
    private readonly opening: OpeningService,
    private readonly timelines: TimelinesService,
    private readonly deletions: DeletionRepository,
  ) {}

  @HandleOperation(openForChannel)
  async open(
    input: Input,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof openForChannel>> {
    await this.requireNew(trx, input);
    const timeline = await this.timelineOf(trx, input);
    // What was begun has its first event on it; whoever was quicker has written that already.
    const created = timeline.changed;
    const afterSequence = created ? 0 : timeline.conversation.last_sequence;
    timeline.setStatus('open');
    await this.timelines.write(trx, [timeline]);
    const { id: conversationId, contact_id: contactId, status } = timeline.conversation;
    const { spaceId, callId } = input;
    if (callId) await this.calls.begin(trx, { spaceId, callId, conversationId });
    return { conversationId, contactId, created, afterSequence, status };
  }

  /** @throws ProblemError 409 for a conversation that was deleted: it does not begin anew under its id */
  private async requireNew(trx: ConversationTrx, { spaceId, conversationId }: Input): Promise<void> {
    if (!conversationId || !(await this.deletions.wasDeleted(trx, spaceId, conversationId))) return;
    throw conflict('The conversation was deleted. Begin another one.', 'conversation_deleted');
  }

  private async timelineOf(trx: ConversationTrx, input: Input): Promise<Timeline> {
    const { spaceId, channelId, deploymentType, sender, callId = null } = input;
    const withheld = deploymentType === 'CALLS' && !senderAddress(deploymentType, sender.id);
    if (withheld) return this.beginUnknown(trx, input);
    const senderId = storedSenderId(deploymentType, sender.id);
    const row = await this.conversations.lockActive(trx, { spaceId, channelId, senderId });
    const timeline = row ? new Timeline(row) : await this.begin(trx, input, senderId);
    if (timeline.changed || callId === null) return timeline;
    const place = { spaceId, conversationId: timeline.conversation.id };
    return (await this.calls.isTaken(trx, place, callId)) ? this.begin(trx, input, null) : timeline;
  }

  private async beginUnknown(trx: ConversationTrx, input: Input): Promise<Timeline> {
    const contact = await this.senders.createUnknown(trx, input.spaceId, input.sender.name);
    return this.openFor(trx, input, {
      senderId: null,
      contact: { id: contact.id, name: contact.name ?? 'Caller' },
    });
  }

  /** @param senderId null where the conversation is to be found by nobody else, beside the sender's active one */
  private async begin(trx: ConversationTrx, input: Input, senderId: string | null): Promise<Timeline> {
    const { spaceId, channelId, deploymentType, sender, contactId } = input;
    const { id: named, name } = sender;
    const known = await this.senders.resolveOne(trx, {
      ...{ spaceId, channelId, deploymentType, senderId: named, name, contactId },
    });
    const isVisitor = deploymentType === 'WEB' || deploymentType === 'MOBILE';
    const contact = { id: known.id, name: known.name ?? name ?? (isVisitor ? 'Visitor' : named) };
    return this.openFor(trx, input, { senderId, contact });
  }

  private async openFor(
    trx: ConversationTrx,
    { spaceId, channelId, deploymentType, target, targetName, conversationId }: Input,
    { senderId, contact }: { senderId: string | null; contact: { id: string; name: string } },
  ): Promise<Timeline> {
    return this.opening.open(trx, {
      ...(conversationId ? { id: conversationId } : {}),
      spaceId,
      channel: { id: channelId, deploymentType, senderId, target, targetName },
      contact,
      participants: [],
    });
  }
}
