import { Controller } from '@nestjs/common';
import {
  changePassword,
  confirmPasswordReset,
  conflict,
  newId,
  type OperationInput,
  type OperationOutput,
  ProblemError,
  requestPasswordReset,
  resendVerification,
  unauthorized,
  unprocessable,
  verifyEmail,
} from '@parley/contracts';
import { Database } from '@parley/database';
import {
  BeforeOperation,
  type BeforeContext,
  HandleOperation,
  OnTask,
  type OperationContext,
  type Task,
  type TaskContext,
  Tasks,
} from '@parley/messaging';
import type { AccountRow, IdentityTrx, Tables } from '../database.ts';
import { AccountMailsService, addressHashOf, NO_SPACE } from '../mails/account-mails.service.ts';
import { AccountTokensRepository } from './account-tokens.repository.ts';
import { AccountsRepository } from './accounts.repository.ts';
import { PasswordPolicyService } from './password-policy.service.ts';
import { PasswordService } from './password.service.ts';
import { accountIdOf } from './sessions.handler.ts';
import { SessionsService } from './sessions.service.ts';
import { SignInFailuresRepository } from './sign-in-failures.repository.ts';
import { SignInGuardService } from './sign-in-guard.service.ts';
import { VerificationService } from './verification.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

const RESET_QUEUE = 'password_reset';
const RESET_MS = 3_600_000;
const NOTICE_MS = 86_400_000;

interface NewPassword {
  account: AccountRow;
  passwordHash: string;
}

const deadToken = (): ProblemError =>
  unprocessable(
    'This link was used, is too old, or a newer one was sent. Ask for another.',
    'token_invalid',
    [{ pointer: '/token', detail: 'is not valid' }],
  );

/** Verified addresses, and new passwords: forgotten or changed. */
@Controller()
export class RecoveryHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly accounts: AccountsRepository,
    private readonly tokens: AccountTokensRepository,
    private readonly failures: SignInFailuresRepository,
    private readonly guard: SignInGuardService,
    private readonly passwords: PasswordService,
    private readonly policy: PasswordPolicyService,
    private readonly sessions: SessionsService,
    private readonly verification: VerificationService,
    private readonly mails: AccountMailsService,
    private readonly tasks: Tasks,
  ) {}

  @HandleOperation(verifyEmail)
  async verify(
    { token }: OperationInput<typeof verifyEmail>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof verifyEmail>> {
    const accountId = await this.tokens.redeem(trx, token, 'verify_email');
    const account = accountId ? await this.accounts.find(trx, accountId) : undefined;
    if (!account) throw deadToken();
    await this.verification.markVerified(trx, account);
    return {};
  }

  @HandleOperation(resendVerification)
  async resend(
    _input: OperationInput<typeof resendVerification>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof resendVerification>> {
    const account = await this.accounts.find(trx, accountIdOf(principal));
    if (!account) throw unauthorized();
    if (account.email_verified) throw conflict('This address is verified already.', 'already_verified');
    await this.verification.send(trx, account);
    return {};
  }

  /** The same work whether the account exists or not: a task finds that out. */
  @HandleOperation(requestPasswordReset)
  async requestReset(
    { email }: OperationInput<typeof requestPasswordReset>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof requestPasswordReset>> {
    const task = { id: newId('mail'), key: addressHashOf(email), spaceId: NO_SPACE, payload: { email } };
    await this.tasks.enqueue(trx, [{ queue: RESET_QUEUE, ...task }]);
    return {};
  }

  @OnTask(RESET_QUEUE, { concurrency: 4, maxAttempts: 5, timeoutMs: 20_000 })
  async sendReset({ payload }: Task<{ email: string }>, context: TaskContext<Tables>): Promise<void> {
    await context.complete(async (trx) => {
      const account = await this.accounts.findByEmail(trx, payload.email);
      if (!account || !(await this.mails.hasRoom(trx, 'reset_password', account.email))) return;
      const expiresAt = new Date(Date.now() + RESET_MS);
      const of = { accountId: account.id, purpose: 'reset_password' as const, expiresAt };
      const token = await this.tokens.issue(trx, of);
      const to = { email: account.email, name: account.name };
      await this.mails.enqueue(trx, { kind: 'reset_password', to, values: {} }, { token, expiresAt });
    });
  }

  @BeforeOperation(confirmPasswordReset)
  async prepareReset({
    token,
    password,
  }: OperationInput<typeof confirmPasswordReset>): Promise<NewPassword | ProblemError> {
    const account = await this.database.withSpaces([], async (trx) => {
      const accountId = await this.tokens.accountOf(trx, token, 'reset_password');
      return accountId ? this.accounts.find(trx, accountId) : undefined;
    });
    if (!account) return deadToken();
    this.policy.require(password, account);
    return { account, passwordHash: await this.passwords.hash(password) };
  }

  @HandleOperation(confirmPasswordReset)
  async confirmReset(
    { token }: OperationInput<typeof confirmPasswordReset>,
    { trx, before }: Context<NewPassword | ProblemError>,
  ): Promise<OperationOutput<typeof confirmPasswordReset>> {
    // A repeat of a request that has acted never comes here: it gets the first answer.
    if (before instanceof ProblemError) throw before;
    const accountId = await this.tokens.redeem(trx, token, 'reset_password');
    if (accountId !== before.account.id) throw deadToken();
    await this.setPassword(trx, before, null);
    // The link came by mail to this address.
    const account = await this.verification.markVerified(trx, before.account);
    await this.failures.forgetAll(trx, account.email);
    await this.verification.note(trx, account, 'account.password_reset');
    return {};
  }

  @BeforeOperation(changePassword)
  async prepareChange(
    input: OperationInput<typeof changePassword>,
    { principal }: BeforeContext,
  ): Promise<NewPassword | ProblemError> {
    const accountId = accountIdOf(principal);
    const account = await this.database.withSpaces([], (trx) => this.accounts.find(trx, accountId));
    if (!account) throw unauthorized();
    this.policy.require(input.newPassword, account, 'newPassword');
    // A stolen access token is no way to try passwords, and nobody without one can use these attempts up.
    const network = `session ${accountId}`;
    await this.guard.admit(account.email, network, { trusted: true });
    if (!(await this.passwords.verify(input.currentPassword, account.password_hash))) {
      return unprocessable('The current password is wrong.', 'wrong_password', [
        { pointer: '/currentPassword', detail: 'is wrong' },
      ]);
    }
    await this.guard.succeeded(account.email, network);
    return { account, passwordHash: await this.passwords.hash(input.newPassword) };
  }

  @HandleOperation(changePassword)
  async change(
    _input: OperationInput<typeof changePassword>,
    { trx, before, principal }: Context<NewPassword | ProblemError>,
  ): Promise<OperationOutput<typeof changePassword>> {
    if (before instanceof ProblemError) throw before;
    const now = await this.accounts.find(trx, before.account.id);
    if (now?.password_hash !== before.account.password_hash)
      throw conflict('The password was changed at this moment. Sign in again.', 'password_changed');
    await this.setPassword(trx, before, principal.sessionId ?? null);
    await this.verification.note(trx, before.account, 'account.password_changed');
    return {};
  }

  /** Sets it, ends the other sessions and what else could set one, and tells the person. */
  private async setPassword(
    trx: IdentityTrx,
    { account, passwordHash }: NewPassword,
    keptSession: string | null,
  ): Promise<void> {
    const {
      email_verified: verified,
      email,
      name,
    } = await this.accounts.setPassword(trx, account.id, passwordHash);
    await this.tokens.deleteAll(trx, account.id, 'reset_password');
    await this.sessions.closeAll(trx, account.id, keptSession);
    // A reset has just proved the address; a change tells only an address that was verified.
    if (!verified && keptSession !== null) return;
    if (!(await this.mails.hasRoom(trx, 'password_changed', email))) return;
    const mail = { kind: 'password_changed' as const, to: { email, name }, values: {} };
    await this.mails.enqueue(trx, mail, { token: null, expiresAt: new Date(Date.now() + NOTICE_MS) });
  }
}
