import { Injectable } from '@nestjs/common';
import { findHiddenConversations, type Principal, servicePrincipal } from '@parley/contracts';
import { OperationClient } from '@parley/messaging';

const ASK_MS = 5000;

/** Whose runs a caller may read: those in direct rooms are for their two participants alone. */
@Injectable()
export class PrivacyService {
  constructor(private readonly operations: OperationClient) {}

  /** Conversations whose runs are hidden from a caller; conversation knows. Call it before a transaction is open. */
  async hiddenFrom({ type, accountId }: Principal, spaceId: string): Promise<string[]> {
    if (type === 'service') return [];
    const { body } = await this.operations.request(
      findHiddenConversations,
      { spaceId, accountId: accountId ?? null },
      { principal: servicePrincipal('flow-engine', spaceId), deadlineMs: ASK_MS },
    );
    return body.conversationIds;
  }
}
