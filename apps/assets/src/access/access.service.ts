import { Injectable } from '@nestjs/common';
import {
  findHiddenConversations,
  findVisibleConversations,
  notFound,
  type Principal,
  servicePrincipal,
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
    const visible = await this.visibleTo(principal, { spaceId, conversationId });
    if (visible.length === 0) throw notFound('The conversation');
  }

  /**
   * @returns the file's conversation where it is the visitor's own
   * @throws ProblemError 404 for a file that a visitor, or somebody outside a direct room, is not to see
   */
  async requireSeen(principal: Principal, spaceId: string, assetId: string): Promise<string | null> {
    if (principal.type === 'service') return null;
    const row = await this.database.withSpaces([spaceId], (trx) => this.assets.find(trx, spaceId, assetId));
    if (principal.type !== 'visitor') return this.requireShared(principal, spaceId, row);
    if (!row || row.internal) throw notFound('The file');
    const { conversation_id: conversationId } = row;
    if (conversationId !== null) {
      const visible = await this.visibleTo(principal, { spaceId, conversationId });
      if (visible.length > 0) return conversationId;
    }
    if (!(await this.wasShown(principal, spaceId, assetId))) throw notFound('The file');
    return null;
  }

  /** What was uploaded into a direct room's conversation is for its two participants alone. */
  private async requireShared(
    principal: Principal,
    spaceId: string,
    row: { conversation_id: string | null } | undefined,
  ): Promise<null> {
    const conversationId = row?.conversation_id ?? null;
    if (conversationId === null) return null;
    if ((await this.hiddenFrom(principal, spaceId)).includes(conversationId)) throw notFound('The file');
    return null;
  }

  /** Whether a file was uploaded into a direct room's conversation: then not the whole space is told of it. */
  async isOfDirectRoom(principal: Principal, spaceId: string, assetId: string): Promise<boolean> {
    if (principal.type === 'visitor') return false;
    const row = await this.database.withSpaces([spaceId], (trx) => this.assets.find(trx, spaceId, assetId));
    const conversationId = row?.conversation_id ?? null;
    return conversationId !== null && (await this.directRooms(spaceId, null)).includes(conversationId);
  }

  /** Conversations of direct rooms whose files a member or key is not to see. */
  async hiddenFrom(principal: Principal, spaceId: string): Promise<string[]> {
    if (principal.type === 'service' || principal.type === 'visitor') return [];
    return this.directRooms(spaceId, principal.accountId ?? null);
  }

  /** Conversations of direct rooms, without those of an account. */
  private async directRooms(spaceId: string, accountId: string | null): Promise<string[]> {
    const { body } = await this.operations.request(
      findHiddenConversations,
      { spaceId, accountId },
      { principal: servicePrincipal('assets', spaceId), deadlineMs: ASK_MS },
    );
    return body.conversationIds;
  }

  private async wasShown(principal: Principal, spaceId: string, assetId: string): Promise<boolean> {
    const own = await this.visibleTo(principal, { spaceId });
    return this.database.withSpaces([spaceId], (trx) => this.shares.isShared(trx, spaceId, assetId, own));
  }

  /** Conversation decides what its callers may see; this service speaks for itself alone. */
  private async visibleTo(
    principal: Principal,
    { spaceId, conversationId }: { spaceId: string; conversationId?: string },
  ): Promise<string[]> {
    const { body } = await this.operations.request(
      findVisibleConversations,
      {
        ...{ spaceId, principal, limit: LOOKED_AT },
        ...(conversationId === undefined ? {} : { conversationId }),
      },
      { principal: servicePrincipal('assets', spaceId), deadlineMs: ASK_MS },
    );
    return body.conversationIds;
  }
}
