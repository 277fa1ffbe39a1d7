import { Injectable } from '@nestjs/common';
import { type CallJob, openForChannel, servicePrincipal } from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import type { OpenedConversation } from './calls.service.ts';

const DEADLINE_MS = 4000;

/** Opens the conversation of a call. */
@Injectable()
export class ConversationOpeningService {
  constructor(private readonly operations: OperationClient) {}

  /** The conversation of a call's sender. A repeat for the same call answers the same one. */
  async open(job: CallJob): Promise<OpenedConversation> {
    const { spaceId, callId, channelId, deploymentType, contactId, target, targetName } = job;
    // A repeat has to be the same text: a job that was stored has its fields in another order.
    const sender = { id: job.sender.id, name: job.sender.name };
    const { body } = await this.operations.request(
      openForChannel,
      { spaceId, channelId, deploymentType, sender, contactId, target, targetName, callId },
      {
        principal: servicePrincipal('telephony', spaceId),
        idempotencyKey: `answer.${callId}`,
        deadlineMs: DEADLINE_MS,
      },
    );
    return body;
  }
}
