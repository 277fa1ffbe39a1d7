import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  newId,
  type OperationOutput,
  type Principal,
  sessionEnded,
  type signIn,
  unauthorized,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { EventLog, Rejection } from '@parley/messaging';
import { InjectConfig, networkOf } from '@parley/service';
import { truncate } from '@parley/text';
import type { IdentityConfig } from '../config.ts';
import type { AccountRow, IdentityTrx, Tables } from '../database.ts';
import { SpacesRepository } from '../spaces/spaces.repository.ts';
import { TokensService } from '../tokens/tokens.service.ts';
import { AccountsRepository } from './accounts.repository.ts';

type Session = OperationOutput<typeof signIn>;

/** Sessions of people: a short access token and a refresh token that works once. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly accounts: AccountsRepository,
    private readonly spaces: SpacesRepository,
    private readonly tokens: TokensService,
    private readonly events: EventLog,
    @InjectConfig() private readonly config: IdentityConfig,
  ) {}

  async begin(trx: IdentityTrx, account: AccountRow, caller: Principal): Promise<Session> {
    const id = newId('key');
    const secret = randomBytes(32).toString('base64url');
    await this.accounts.insertSession(trx, {
      id,
      account_id: account.id,
      token_hash: hash(secret),
      expires_at: this.expiry(),
      ...useOf(caller),
    });
    return this.answer(trx, account, `${id}.${secret}`, id);
  }

  /**
   * Gives new tokens for a refresh token, which works once: one that comes a second time, however old, was copied, and ends its
   * session for everybody.
   */
  async refresh(trx: IdentityTrx, refreshToken: string, caller: Principal): Promise<Session | Rejection> {
    const [id = '', secret = ''] = refreshToken.split('.');
    const session = await this.accounts.lockSession(trx, id);
    if (session && (await this.accounts.wasUsed(trx, id, hash(secret)))) {
      await this.close(trx, session.account_id, id);
      return new Rejection(
        unauthorized('This refresh token was used before. Its session has ended: sign in again.'),
      );
    }
    if (!session || session.expires_at < new Date() || session.token_hash !== hash(secret)) {
      throw unauthorized('The session has ended. Sign in again.');
    }
    const account = await this.accounts.find(trx, session.account_id);
    if (!account) throw unauthorized('The session has ended. Sign in again.');
    const next = randomBytes(32).toString('base64url');
    await this.accounts.updateSession(trx, id, {
      token_hash: hash(next),
      expires_at: this.expiry(),
      ...useOf(caller),
    });
    await this.accounts.noteUsed(trx, id, hash(secret));
    return this.answer(trx, account, `${id}.${next}`, id);
  }

  /** Ends a session for whoever holds its refresh token. */
  async end(trx: IdentityTrx, refreshToken: string): Promise<void> {
    const [id = '', secret = ''] = refreshToken.split('.');
    const session = await this.accounts.findSession(trx, id);
    if (session?.token_hash === hash(secret)) await this.close(trx, session.account_id, id);
  }

  /** Ends a session; open sockets of it close. */
  async close(trx: IdentityTrx, accountId: string, sessionId: string): Promise<void> {
    await this.accounts.deleteSession(trx, sessionId);
    await this.announceEnd(trx, accountId, sessionId);
  }

  /** Ends all sessions of an account, save the one that is named. */
  async closeAll(trx: IdentityTrx, accountId: string, butId: string | null = null): Promise<void> {
    const ended = await this.accounts.deleteSessions(trx, accountId, butId);
    if (butId === null) await this.announceEnd(trx, accountId, null);
    else for (const id of ended) await this.announceEnd(trx, accountId, id);
  }

  async view(trx: IdentityTrx, account: AccountRow): Promise<Session['account']> {
    const memberships = await this.accounts.spacesOf(trx, account.id);
    await this.database.setSpaces(
      trx,
      memberships.map((one) => one.space_id),
    );
    const spaces = await this.spaces.findMany(
      trx,
      memberships.map((one) => one.space_id),
    );
    const names = new Map(spaces.map((space) => [space.space_id, space.name]));
    return {
      id: account.id,
      email: account.email,
      name: account.name,
      emailVerified: account.email_verified,
      createdAt: account.created_at.toISOString(),
      spaces: memberships.map((one) => ({
        id: one.space_id,
        name: names.get(one.space_id) ?? '',
        role: one.role,
      })),
    };
  }

  private async announceEnd(trx: IdentityTrx, accountId: string, sessionId: string | null): Promise<void> {
    const data = { accountId, sessionId };
    await this.events.append(trx, [{ definition: sessionEnded, spaceId: '_', data }]);
  }

  private async answer(
    trx: IdentityTrx,
    account: AccountRow,
    refreshToken: string,
    sessionId: string,
  ): Promise<Session> {
    const seconds = this.config.ACCESS_TOKEN_SECONDS;
    const { token } = await this.tokens.sign('parley:access', account.id, { sid: sessionId }, seconds);
    return { accessToken: token, refreshToken, expiresIn: seconds, account: await this.view(trx, account) };
  }

  private expiry(): Date {
    return new Date(Date.now() + this.config.REFRESH_TOKEN_DAYS * 86_400_000);
  }
}

const USER_AGENT_LENGTH = 300;

/** What is kept of a use. */
function useOf({ address, userAgent }: Principal) {
  return {
    last_used_at: new Date(),
    address: address ?? null,
    network: address ? networkOf(address) : null,
    user_agent:
      userAgent === undefined || userAgent === null ? null : truncate(userAgent, USER_AGENT_LENGTH, ''),
  };
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
