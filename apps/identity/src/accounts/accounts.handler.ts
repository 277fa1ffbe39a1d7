import { Controller } from '@nestjs/common';
import {
  accountCreated,
  authenticate,
  conflict,
  getMe,
  issueVisitorToken,
  newId,
  type OperationInput,
  type OperationOutput,
  type Principal,
  refreshSession,
  signIn,
  signOut,
  signUp,
  tooManyRequests,
  unauthorized,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { EventLog, HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { TokensService } from '../tokens/tokens.service.ts';
import { AccountsRepository } from './accounts.repository.ts';
import { CredentialsService } from './credentials.service.ts';
import { hashPassword, NOBODY, verifyPassword } from './password.ts';
import { SessionsService } from './sessions.service.ts';

type Context = OperationContext<Tables>;
type Session = OperationOutput<typeof signIn>;

const FAILURE_LIMIT = 10;

@Controller()
export class AccountsHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly accounts: AccountsRepository,
    private readonly sessions: SessionsService,
    private readonly credentials: CredentialsService,
    private readonly tokens: TokensService,
    private readonly events: EventLog,
  ) {}

  @HandleOperation(signUp)
  async signUp(input: OperationInput<typeof signUp>, { trx }: Context): Promise<Session> {
    const passwordHash = await hashPassword(input.password);
    const account = await this.accounts.insert(trx, {
      id: newId('acc'),
      email: input.email,
      name: input.name,
      password_hash: passwordHash,
    });
    if (!account) throw conflict('An account with this e-mail exists. Sign in instead.', 'email_taken');
    const data = { accountId: account.id, name: account.name, type: 'person' as const };
    await this.events.append(trx, [{ definition: accountCreated, spaceId: '_', data }]);
    return this.sessions.begin(trx, account);
  }

  @HandleOperation(signIn)
  async signIn(input: OperationInput<typeof signIn>, { trx }: Context): Promise<Session> {
    // The attempt counts before the password is looked at: guesses that come at once count, too.
    const failures = await this.database.withSpaces([], (own) =>
      this.accounts.countFailure(own, input.email),
    );
    if (failures > FAILURE_LIMIT) {
      throw tooManyRequests('Too many wrong passwords for this e-mail. Wait a quarter of an hour.', 900);
    }
    const account = await this.accounts.findByEmail(trx, input.email);
    const right = await verifyPassword(input.password, account?.password_hash ?? NOBODY);
    if (!account || !right) throw unauthorized('The e-mail or the password is wrong.');
    await this.accounts.forgetFailures(trx, input.email);
    return this.sessions.begin(trx, account);
  }

  @HandleOperation(refreshSession)
  async refresh(input: OperationInput<typeof refreshSession>, { trx }: Context): Promise<Session> {
    return this.sessions.refresh(trx, input.refreshToken);
  }

  @HandleOperation(signOut)
  async signOut(
    input: OperationInput<typeof signOut>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof signOut>> {
    await this.sessions.end(trx, input.refreshToken);
    return {};
  }

  @HandleOperation(authenticate)
  async authenticate(
    input: OperationInput<typeof authenticate>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof authenticate>> {
    return this.credentials.resolve(trx, input.credential);
  }

  @HandleOperation(issueVisitorToken)
  async issueVisitorToken(
    input: OperationInput<typeof issueVisitorToken>,
  ): Promise<OperationOutput<typeof issueVisitorToken>> {
    const { spaceId, channelId, contactId, visitorId, ttlSeconds } = input;
    const { token, expiresAt } = await this.tokens.sign(
      'parley:visitor',
      contactId,
      { spaceId, channelId, visitorId },
      ttlSeconds,
    );
    return { visitorToken: token, expiresAt: expiresAt.toISOString() };
  }

  @HandleOperation(getMe)
  async me(
    _input: OperationInput<typeof getMe>,
    { trx, principal }: Context,
  ): Promise<{ account: Session['account'] | null; principal: Principal }> {
    const account = principal.accountId ? await this.accounts.find(trx, principal.accountId) : undefined;
    return { account: account ? await this.sessions.view(trx, account) : null, principal };
  }
}
