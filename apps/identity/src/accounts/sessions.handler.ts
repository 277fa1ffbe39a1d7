import { Controller } from '@nestjs/common';
import {
  cursorOf,
  listSessions,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  permissionDenied,
  type Principal,
  revokeSession,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { AccountsRepository } from './accounts.repository.ts';
import { SessionsService } from './sessions.service.ts';
import { VerificationService } from './verification.service.ts';

type Context = OperationContext<Tables>;

/** The id of the account that asks: keys and visitors have no sessions. */
export function accountIdOf(principal: Principal): string {
  if (principal.type === 'account') return principal.id;
  throw permissionDenied('Only a person who is signed in can do this. Send an access token.');
}

@Controller()
export class SessionsHandler {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly sessions: SessionsService,
    private readonly verification: VerificationService,
  ) {}

  @HandleOperation(listSessions)
  async list(
    { limit, cursor }: OperationInput<typeof listSessions>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listSessions>> {
    const page = { limit, before: cursorOf(cursor) };
    const rows = await this.accounts.listSessions(trx, accountIdOf(principal), page);
    return pageOf(rows, limit, (row) => ({
      id: row.id,
      createdAt: row.created_at.toISOString(),
      lastUsedAt: row.last_used_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      address: row.address,
      userAgent: row.user_agent,
      current: row.id === principal.sessionId,
    }));
  }

  @HandleOperation(revokeSession)
  async revoke(
    { sessionId }: OperationInput<typeof revokeSession>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof revokeSession>> {
    const accountId = accountIdOf(principal);
    const session = await this.accounts.lockSession(trx, sessionId);
    if (!session || session.account_id !== accountId) throw notFound('The session');
    await this.sessions.close(trx, accountId, sessionId);
    const account = await this.accounts.find(trx, accountId);
    if (account) await this.verification.note(trx, account, 'session.revoked', sessionId);
    return {};
  }
}
