import { Injectable } from '@nestjs/common';
import { findAccount, getAgent, getChannel, getSpace, unprocessable } from '@parley/contracts';
import { Database } from '@parley/database';
import { findReferenced, OperationClient } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { DirectoryRepository, type DirectoryRow } from './directory.repository.ts';

/** Accounts and agents that their owners know and the directory did not, by id. */
export type Found = ReadonlyMap<string, DirectoryRow>;

const SERVICE = 'conversation';

/**
 * Asks the owners of accounts, agents and channels for what the directory does not hold yet: what was made a moment ago
 * can be named at once. Everything here is called before a transaction is open.
 */
@Injectable()
export class ReferencesService {
  constructor(
    private readonly operations: OperationClient,
    private readonly database: Database<Tables>,
    private readonly directory: DirectoryRepository,
  ) {}

  /** Those of these ids that only their owners know. */
  async find(spaceId: string, ids: readonly string[]): Promise<Found> {
    if (ids.length === 0) return new Map();
    const known = await this.database.withSpaces([spaceId], (trx) =>
      this.directory.findMany(trx, spaceId, ids),
    );
    const missing = [...new Set(ids)].filter((id) => !known.has(id));
    const rows = await Promise.all(missing.map((id) => this.ask(spaceId, id)));
    return new Map(rows.flatMap((row) => (row ? [[row.id, row] as const] : [])));
  }

  /** @throws ProblemError 422 for a channel that the space does not have */
  async requireChannel(spaceId: string, channelId: string, pointer: string): Promise<void> {
    const asker = { service: SERVICE, spaceId };
    if (await findReferenced(this.operations, getChannel, { spaceId, channelId }, asker)) return;
    throw unprocessable('The channel does not exist in this space.', 'unknown_channel', [
      { pointer, detail: 'names no channel of this space' },
    ]);
  }

  private async ask(spaceId: string, id: string): Promise<DirectoryRow | null> {
    const asker = { service: SERVICE, spaceId };
    if (id.startsWith('agent_')) {
      const agent = await findReferenced(this.operations, getAgent, { spaceId, agentId: id }, asker);
      return agent && { space_id: spaceId, id, account_id: agent.accountId, name: agent.name };
    }
    if (id.startsWith('space_')) {
      const space = await findReferenced(this.operations, getSpace, { spaceId }, asker);
      return space && { space_id: spaceId, id, account_id: null, name: space.name };
    }
    if (!id.startsWith('acc_')) return null;
    const account = await findReferenced(this.operations, findAccount, { spaceId, accountId: id }, asker);
    return account && { space_id: spaceId, id, account_id: id, name: account.name };
  }
}
