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
  ProblemError,
  refreshSession,
  signIn,
  signOut,
  signUp,
  unauthorized,
} from '@parley/contracts';
import {
  BeforeOperation,
  type BeforeContext,
  EventLog,
  HandleOperation,
  type OperationContext,
  type Rejection,
} from '@parley/messaging';
import { InjectConfig, networkOf } from '@parley/service';
import type { IdentityConfig } from '../config.ts';
import { Database } from '@parley/database';
import type { AccountRow, Tables } from '../database.ts';
import { InvitationsService } from '../invitations/invitations.service.ts';
import { type ReadToken, TokensService } from '../tokens/tokens.service.ts';
import { AccountsRepository } from './accounts.repository.ts';
import { CredentialsService } from './credentials.service.ts';
import { PasswordPolicyService } from './password-policy.service.ts';
import { PasswordService } from './password.service.ts';
import { SessionsService } from './sessions.service.ts';
import { SignInGuardService } from './sign-in-guard.service.ts';
import { VerificationService } from './verification.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;
type Session = OperationOutput<typeof signIn>;

@Controller()
export class AccountsHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly accounts: AccountsRepository,
    private readonly sessions: SessionsService,
    private readonly credentials: CredentialsService,
    private readonly tokens: TokensService,
    private readonly passwords: PasswordService,
    private readonly policy: PasswordPolicyService,
    private readonly guard: SignInGuardService,
    private readonly invitations: InvitationsService,
    private readonly verification: VerificationService,
    private readonly events: EventLog,
    @InjectConfig() private readonly config: IdentityConfig,
  ) {}

  @BeforeOperation(signUp)
  async hash(input: OperationInput<typeof signUp>): Promise<string> {
    this.requireSignUp(input.invitationToken);
    this.policy.require(input.password, input);
    await this.tokens.prepare();
    return this.passwords.hash(input.password);
  }

  @HandleOperation(signUp)
  async signUp(
    input: OperationInput<typeof signUp>,
    { trx, before: passwordHash, principal }: Context<string>,
  ): Promise<Session> {
    const { email, name, invitationToken: token } = input;
    const invitation = token ? await this.invitations.require(trx, token, { email }) : null;
    const account = await this.accounts.insert(trx, {
      id: newId('acc'),
      email,
      name,
      password_hash: passwordHash,
      // The invitation came by mail to this address.
      email_verified: invitation !== null,
    });
    if (!account) throw conflict('An account with this e-mail exists. Sign in instead.', 'email_taken');
    const data = { accountId: account.id, name: account.name, type: 'person' as const };
    await this.events.append(trx, [{ definition: accountCreated, spaceId: '_', data }]);
    if (invitation) await this.invitations.accept(trx, invitation, account);
    else await this.verification.send(trx, account);
    return this.sessions.begin(trx, account, principal);
  }

  @BeforeOperation(signIn)
  async check(
    { email, password }: OperationInput<typeof signIn>,
    { principal }: BeforeContext,
  ): Promise<AccountRow> {
    await this.tokens.prepare();
    const network = networkOf(principal.address ?? 'unknown');
    await this.guard.admit(email, network);
    const account = await this.database.withSpaces([], (trx) => this.accounts.findByEmail(trx, email));
    const right = await this.passwords.verify(password, account?.password_hash);
    if (!account || !right) throw unauthorized('The e-mail or the password is wrong.');
    await this.guard.succeeded(email, network);
    return account;
  }

  @HandleOperation(signIn)
  async signIn(
    _input: OperationInput<typeof signIn>,
    { trx, before: account, principal }: Context<AccountRow>,
  ): Promise<Session> {
    // The password may have changed while it was checked.
    const now = await this.accounts.lock(trx, account.id);
    if (now?.password_hash !== account.password_hash)
      throw unauthorized('The e-mail or the password is wrong.');
    return this.sessions.begin(trx, now, principal);
  }

  @BeforeOperation(refreshSession)
  async prepareRefresh(): Promise<void> {
    await this.tokens.prepare();
  }

  @HandleOperation(refreshSession)
  async refresh(
    input: OperationInput<typeof refreshSession>,
    { trx, principal }: Context,
  ): Promise<Session | Rejection> {
    return this.sessions.refresh(trx, input.refreshToken, principal);
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

  /** Refuses before the work of hashing; the token itself is looked at with the row locked. */
  private requireSignUp(invitationToken: string | undefined): void {
    const { SIGN_UP: mode } = this.config;
    if (mode === 'open' || (mode === 'invite' && invitationToken)) return;
    throw new ProblemError({
      status: 403,
      code: 'sign_up_closed',
      detail:
        mode === 'closed'
          ? 'Nobody can sign up at this installation. Ask its operator for an account.'
          : 'Sign-up needs an invitation. Ask an owner or admin of a space to invite your address, then send the token of the mail as invitationToken.',
    });
  }
}
