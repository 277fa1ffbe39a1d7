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
    const timeline = await this.findOrBegin(trx, input);
    // A new timeline holds its first event. A concurrent request may have written an existing one.
    const created = timeline.isChanged;
    const afterSequence = created ? 0 : timeline.conversation.last_sequence;
    timeline.setStatus('open');
    await this.timelines.write(trx, [timeline]);
    const { id: conversationId, contact_id: contactId, status } = timeline.conversation;
    const { spaceId, callId } = input;
    if (callId) await this.calls.recordStart(trx, { spaceId, callId, conversationId });
    return { conversationId, contactId, created, afterSequence, status };
  }

  /** @throws ProblemError 409 for a deleted conversation: its id cannot be used again */
  private async requireNew(trx: ConversationTrx, { spaceId, conversationId }: Input): Promise<void> {
    if (!conversationId || !(await this.deletions.findDeleted(trx, spaceId, conversationId))) return;
    throw conflict('The conversation was deleted. Begin another one.', 'conversation_deleted');
  }

  private async findOrBegin(trx: ConversationTrx, input: Input): Promise<Timeline> {
    const { spaceId, channelId, deploymentType, sender, callId = null } = input;
    const isWithheld = deploymentType === 'CALLS' && !senderAddress(deploymentType, sender.id);
    if (isWithheld) return this.beginUnknown(trx, input);
    const senderId = storedSenderId(deploymentType, sender.id);
    const row = await this.conversations.lockActive(trx, { spaceId, channelId, senderId });
    const timeline = row ? new Timeline(row) : await this.begin(trx, input, senderId);
    if (timeline.isChanged || callId === null) return timeline;
    const conversationKey = { spaceId, conversationId: timeline.conversation.id };
    return (await this.calls.hasOtherCall(trx, conversationKey, callId))
      ? this.begin(trx, input, null)
      : timeline;
  }

  private async beginUnknown(trx: ConversationTrx, input: Input): Promise<Timeline> {
    const contact = await this.senders.createUnknown(trx, input.spaceId, input.sender.name);
    return this.openConversation(trx, input, {
      senderId: null,
      contact: { id: contact.id, name: contact.name ?? 'Caller' },
    });
  }

  /** @param senderId null for a conversation that must not be found by its sender, beside the active one */
  private async begin(trx: ConversationTrx, input: Input, senderId: string | null): Promise<Timeline> {
    const { spaceId, channelId, deploymentType, sender, contactId } = input;
    const { id: named, name } = sender;
    const resolved = await this.senders.resolveOne(trx, {
      ...{ spaceId, channelId, deploymentType, senderId: named, name, contactId },
    });
    const isVisitor = deploymentType === 'WEB' || deploymentType === 'MOBILE';
    const contact = { id: resolved.id, name: resolved.name ?? name ?? (isVisitor ? 'Visitor' : named) };
    return this.openConversation(trx, input, { senderId, contact });
  }

  private async openConversation(
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
