import { Injectable } from '@nestjs/common';
import type { authenticate, OperationOutput, Principal } from '@parley/contracts';
import { Database } from '@parley/database';
import type { ApiKeyRow, IdentityTrx, Tables } from '../database.ts';
import { parseKey, secretMatches } from '../keys/key-format.ts';
import { KeysRepository } from '../keys/keys.repository.ts';
import { type ReadToken, TokensService } from '../tokens/tokens.service.ts';
import { AccountsRepository } from './accounts.repository.ts';

type Resolved = OperationOutput<typeof authenticate>;

const refused = (reason: string): Resolved => ({ principal: null, reason, expiresAt: null });

const isKey = (credential: string): boolean => credential.startsWith('parley_sk_');

/** Turns any credential into a principal, as things stand at this moment. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly accounts: AccountsRepository,
    private readonly keys: KeysRepository,
    private readonly tokens: TokensService,
  ) {}

  /** What a token says; null for what is none. Asks for signing keys: not inside a transaction. */
  async read(credential: string): Promise<ReadToken | null> {
    return isKey(credential) ? null : this.tokens.read(credential);
  }

  async resolve(trx: IdentityTrx, credential: string, read: ReadToken | null): Promise<Resolved> {
    if (isKey(credential)) return this.resolveKey(trx, credential);
    if (!read) return refused('The token is not valid or has expired.');
    const expiresAt = new Date((read.claims.exp ?? 0) * 1000).toISOString();
    if (read.audience === 'parley:visitor') return this.visitor(read.claims, expiresAt);
    return this.resolveAccount(trx, read.claims.sub ?? '', String(read.claims['sid']), expiresAt);
  }

  private visitor(claims: Record<string, unknown>, expiresAt: string): Resolved {
    const { sub, spaceId, channelId, visitorId } = claims as Record<string, string>;
    if (!sub || !spaceId || !channelId || !visitorId) return refused('The token is not valid.');
    return {
      principal: {
        type: 'visitor',
        id: sub,
        contactId: sub,
        channelId,
        visitorId,
        spaces: { [spaceId]: 'visitor' },
      },
      reason: null,
      expiresAt,
    };
  }

  private async resolveAccount(
    trx: IdentityTrx,
    accountId: string,
    sessionId: string,
    expiresAt: string,
  ): Promise<Resolved> {
    const account = await this.accounts.find(trx, accountId);
    if (!account || !(await this.accounts.hasSession(trx, sessionId)))
      return refused('The session has ended.');
    const spaces = Object.fromEntries(
      (await this.accounts.spacesOf(trx, accountId)).map((one) => [one.space_id, one.role]),
    );
    return {
      principal: {
        type: 'account',
        id: account.id,
        accountId: account.id,
        name: account.name,
        sessionId,
        spaces,
      },
      reason: null,
      expiresAt,
    };
  }

  private async resolveKey(trx: IdentityTrx, text: string): Promise<Resolved> {
    const parsed = parseKey(text);
    const spaceId = parsed && (await this.keys.spaceOf(trx, parsed.keyId));
    if (!parsed || !spaceId) return refused('The API key is not valid.');
    await this.database.setSpaces(trx, [spaceId]);
    const row = await this.keys.find(trx, spaceId, parsed.keyId);
    if (!row || !secretMatches(parsed.secret, row.secret_hash)) return refused('The API key is not valid.');
    if (row.revoked_at) return refused('The API key was revoked.');
    if (row.expires_at && row.expires_at < new Date()) return refused('The API key has expired.');
    await this.keys.touch(trx, row);
    const principal = await this.principalOf(trx, row);
    return { principal, reason: null, expiresAt: row.expires_at?.toISOString() ?? null };
  }

  /** A key acts for itself, or as the service account whose it is. */
  private async principalOf(trx: IdentityTrx, row: ApiKeyRow): Promise<Principal> {
    const { id, space_id: spaceId, role, service_account_id: accountId } = row;
    const key = { type: 'api_key' as const, id, keyId: id, spaces: { [spaceId]: role } };
    const account = accountId ? await this.keys.findServiceAccount(trx, spaceId, accountId) : undefined;
    return account ? { ...key, accountId: account.id, name: account.name } : { ...key, name: row.name };
  }
}
