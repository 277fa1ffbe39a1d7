import { Injectable } from '@nestjs/common';
import { memberChanged, type Principal } from '@parley/contracts';
import { Database } from '@parley/database';
import { EventLog } from '@parley/messaging';
import type { AccountRow, IdentityTrx, Tables } from '../database.ts';
import { AccountMailsService } from '../mails/account-mails.service.ts';
import { MailsRepository } from '../mails/mails.repository.ts';
import { AuditService } from '../spaces/audit.service.ts';
import { SpacesRepository } from '../spaces/spaces.repository.ts';
import { AccountTokensRepository } from './account-tokens.repository.ts';
import { AccountsRepository } from './accounts.repository.ts';

const VERIFY_MS = 24 * 3_600_000;

/** Whether an account's address is its own: proved by a token that was sent there. */
@Injectable()
export class VerificationService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly accounts: AccountsRepository,
    private readonly spaces: SpacesRepository,
    private readonly tokens: AccountTokensRepository,
    private readonly mails: AccountMailsService,
    private readonly mailLog: MailsRepository,
    private readonly audit: AuditService,
    private readonly events: EventLog,
  ) {}

  /**
   * Sends a link that verifies the address.
   * @throws ProblemError 429 when the address got too many
   */
  async send(trx: IdentityTrx, account: AccountRow): Promise<void> {
    await this.mails.requireRoom(trx, 'verify_email', account.email);
    const expiresAt = new Date(Date.now() + VERIFY_MS);
    const of = { accountId: account.id, purpose: 'verify_email' as const, expiresAt };
    const token = await this.tokens.issue(trx, of);
    const to = { email: account.email, name: account.name };
    await this.mails.enqueue(trx, { kind: 'verify_email', to, values: {} }, { token, expiresAt });
  }

  /** Notes that the address is the account's own, and tells whoever sends mail in its spaces. */
  async markVerified(trx: IdentityTrx, account: AccountRow): Promise<AccountRow> {
    if (account.email_verified) return account;
    const verified = await this.accounts.markVerified(trx, account.id);
    await this.tokens.deleteAll(trx, account.id, 'verify_email');
    await this.inEachSpace(trx, account, async (spaceId) => {
      const row = await this.spaces.findMember(trx, spaceId, account.id);
      if (!row) return;
      const { name, email, role } = row;
      const data = { accountId: account.id, name, email, role, emailVerified: true };
      await this.events.append(trx, [{ definition: memberChanged, spaceId, data }]);
    });
    await this.note(trx, account, 'account.email_verified');
    return verified;
  }

  /** Notes what happened to an account in the audit log of each of its spaces. */
  async note(trx: IdentityTrx, account: AccountRow, action: string, targetId = account.id): Promise<void> {
    const actor: Principal = { type: 'account', id: account.id, spaces: {} };
    await this.inEachSpace(trx, account, (spaceId) => this.audit.note(trx, spaceId, actor, action, targetId));
  }

  private async inEachSpace(
    trx: IdentityTrx,
    account: AccountRow,
    effect: (spaceId: string) => Promise<void>,
  ): Promise<void> {
    const before = await this.mailLog.currentSpaces(trx);
    for (const { space_id: spaceId } of await this.accounts.spacesOf(trx, account.id)) {
      await this.database.setSpaces(trx, [spaceId]);
      await effect(spaceId);
    }
    await this.database.setSpaces(trx, before);
  }
}
