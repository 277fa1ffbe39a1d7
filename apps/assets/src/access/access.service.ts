import { Injectable } from '@nestjs/common';
import {
  getConversation,
  listConversations,
  notFound,
  type Principal,
  ProblemError,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { OperationClient } from '@parley/messaging';
import { AssetsRepository } from '../assets/assets.repository.ts';
import type { Tables } from '../database.ts';
import { SharesRepository } from './shares.repository.ts';

const ASK_MS = 5000;
/** Conversations of a visitor in which a file may have been shown to it: its latest ones. */
const LOOKED_AT = 200;

/** Who may see what: people and keys all of their space, visitors what belongs to their own conversations. */
@Injectable()
export class AccessService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly assets: AssetsRepository,
    private readonly shares: SharesRepository,
    private readonly operations: OperationClient,
  ) {}

  /**
   * The conversation that a file is to belong to, or that is asked for; conversation knows whose it is.
   * @throws ProblemError 404, or 422 for a visitor who names none
   */
  async requireConversation(
    principal: Principal,
    spaceId: string,
    conversationId: string | undefined,
  ): Promise<void> {
    if (conversationId === undefined) {
      if (principal.type !== 'visitor') return;
      throw unprocessable('A visitor names the conversation.', 'conversation_needed', [
        { pointer: '/conversationId', detail: 'is needed with a visitor token' },
      ]);
    }
    if (principal.type === 'service') return;
    await this.operations.request(
      getConversation,
      { spaceId, conversationId },
      { principal, deadlineMs: ASK_MS },
    );
  }

  /**
   * @returns the file's conversation where it is the visitor's own
   * @throws ProblemError 404 for a file that a visitor is not to see
   */
  async requireSeen(principal: Principal, spaceId: string, assetId: string): Promise<string | null> {
    if (principal.type !== 'visitor') return null;
    const row = await this.database.withSpaces([spaceId], (trx) => this.assets.find(trx, spaceId, assetId));
    if (!row || row.internal) throw notFound('The file');
    const { conversation_id: conversationId } = row;
    if (conversationId !== null && (await this.owns(principal, spaceId, conversationId)))
      return conversationId;
    if (!(await this.wasShown(principal, spaceId, assetId))) throw notFound('The file');
    return null;
  }

  private async owns(principal: Principal, spaceId: string, conversationId: string): Promise<boolean> {
    try {
      await this.requireConversation(principal, spaceId, conversationId);
      return true;
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return false;
      throw error;
    }
  }

  private async wasShown(principal: Principal, spaceId: string, assetId: string): Promise<boolean> {
    const options = { principal, deadlineMs: ASK_MS };
    const { body } = await this.operations.request(listConversations, { spaceId, limit: LOOKED_AT }, options);
    const own = body.data.map(({ id }) => id);
    return this.database.withSpaces([spaceId], (trx) => this.shares.isShared(trx, spaceId, assetId, own));
  }
}
