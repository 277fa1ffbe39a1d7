import { Controller } from '@nestjs/common';
import { newId, openForChannel, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { ContactsRepository } from '../contacts/contacts.repository.ts';
import { identityType } from '../contacts/identity-type.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { OpeningService } from '../conversations/opening.service.ts';
import { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx, Tables } from '../database.ts';

type Input = OperationInput<typeof openForChannel>;

/** Where calls and live sessions go: the conversation that a message of the same sender would go to. */
@Controller()
export class ChannelOpeningHandler {
  constructor(
    private readonly contacts: ContactsRepository,
    private readonly conversations: ConversationsRepository,
    private readonly opening: OpeningService,
    private readonly timelines: TimelinesService,
  ) {}

  @HandleOperation(openForChannel)
  async open(
    input: Input,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof openForChannel>> {
    const { spaceId, channelId, sender } = input;
    const row = await this.conversations.lockActive(trx, { spaceId, channelId, senderId: sender.id });
    const timeline = row ? new Timeline(row) : await this.begin(trx, input);
    // What was begun has its first event on it; whoever was quicker has written that already.
    const created = timeline.changed;
    const afterSequence = created ? 0 : timeline.conversation.last_sequence;
    timeline.setStatus('open');
    await this.timelines.write(trx, [timeline]);
    const { id: conversationId, contact_id: contactId, status } = timeline.conversation;
    return { conversationId, contactId, created, afterSequence, status };
  }

  private async begin(trx: ConversationTrx, input: Input): Promise<Timeline> {
    const { spaceId, channelId, deploymentType, sender, target, targetName } = input;
    return this.opening.open(trx, {
      spaceId,
      channel: { id: channelId, deploymentType, senderId: sender.id, target, targetName },
      contact: await this.contactOf(trx, input),
      participants: [],
    });
  }

  /** The contact that the sender is known as, else the one the channel names, else a new one. */
  private async contactOf(trx: ConversationTrx, input: Input): Promise<{ id: string; name: string }> {
    const { spaceId, channelId, deploymentType, sender } = input;
    const type = identityType(deploymentType);
    const wanted = input.contactId ?? newId('cont');
    const identity = { space_id: spaceId, channel_id: channelId, type, value: sender.id, contact_id: wanted };
    const [claimed] = await this.contacts.claimIdentities(trx, [identity]);
    const [known] = claimed ? [] : await this.contacts.findIdentities(trx, [identity]);
    const id = known?.contact_id ?? wanted;
    await this.contacts.insert(trx, [{ space_id: spaceId, id, name: sender.name }]);
    const row = await this.contacts.find(trx, spaceId, id);
    return { id, name: row?.name ?? sender.name ?? (type === 'visitor' ? 'Visitor' : sender.id) };
  }
}
