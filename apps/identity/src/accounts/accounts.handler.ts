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
import {
  BeforeOperation,
  EventLog,
  HandleOperation,
  type OperationContext,
  type Refusal,
} from '@parley/messaging';
import type { AccountRow, Tables } from '../database.ts';
import { type ReadToken, TokensService } from '../tokens/tokens.service.ts';
import { AccountsRepository } from './accounts.repository.ts';
import { CredentialsService } from './credentials.service.ts';
import { PasswordService } from './password.service.ts';
import { SessionsService } from './sessions.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;
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
    private readonly passwords: PasswordService,
    private readonly events: EventLog,
  ) {}

  @BeforeOperation(signUp)
  async hash(input: OperationInput<typeof signUp>): Promise<string> {
    await this.tokens.prepare();
    return this.passwords.hash(input.password);
  }

  @HandleOperation(signUp)
  async signUp(
    input: OperationInput<typeof signUp>,
    { trx, before: passwordHash }: Context<string>,
  ): Promise<Session> {
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

  @BeforeOperation(signIn)
  async check({ email, password }: OperationInput<typeof signIn>): Promise<AccountRow> {
    await this.tokens.prepare();
    // The attempt counts before the password is looked at: guesses that come at once count, too.
    const { failures, account } = await this.database.withSpaces([], async (trx) => ({
      failures: await this.accounts.countFailure(trx, email),
      account: await this.accounts.findByEmail(trx, email),
    }));
    if (failures > FAILURE_LIMIT) {
      throw tooManyRequests('Too many wrong passwords for this e-mail. Wait a quarter of an hour.', 900);
    }
    const right = await this.passwords.verify(password, account?.password_hash);
    if (!account || !right) throw unauthorized('The e-mail or the password is wrong.');
    await this.database.withSpaces([], (trx) => this.accounts.forgetFailures(trx, email));
    return account;
  }

  @HandleOperation(signIn)
  async signIn(
    _input: OperationInput<typeof signIn>,
    { trx, before: account }: Context<AccountRow>,
  ): Promise<Session> {
    return this.sessions.begin(trx, account);
  }

  @BeforeOperation(refreshSession)
  async prepareRefresh(): Promise<void> {
    await this.tokens.prepare();
  }

  @HandleOperation(refreshSession)
  async refresh(input: OperationInput<typeof refreshSession>, { trx }: Context): Promise<Session | Refusal> {
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

  @BeforeOperation(authenticate)
  async readToken({ credential }: OperationInput<typeof authenticate>): Promise<ReadToken | null> {
    return this.credentials.read(credential);
  }

  @HandleOperation(authenticate)
  async authenticate(
    input: OperationInput<typeof authenticate>,
    { trx, before }: Context<ReadToken | null>,
  ): Promise<OperationOutput<typeof authenticate>> {
    return this.credentials.resolve(trx, input.credential, before);
  }

  @BeforeOperation(issueVisitorToken)
  async prepare(): Promise<void> {
    await this.tokens.prepare();
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
