import { Injectable } from '@nestjs/common';
import { findAccount, getAgent, getChannel, getSpace, unprocessable } from '@parley/contracts';
import { Database } from '@parley/database';
import { findReferenced, OperationClient } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { DirectoryRepository, type DirectoryRow } from './directory.repository.ts';

/** Accounts and agents that are missing in the directory but exist in their service, by id. */
export type ReferencedEntries = ReadonlyMap<string, DirectoryRow>;

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

  /** Fetches entries that are missing in the directory from their services. */
  async findMissing(spaceId: string, ids: readonly string[]): Promise<ReferencedEntries> {
    if (ids.length === 0) return new Map();
    const known = await this.database.withSpaces([spaceId], (trx) =>
      this.directory.findMany(trx, spaceId, ids),
    );
    const missing = [...new Set(ids)].filter((id) => !known.has(id));
    const rows = await Promise.all(missing.map((id) => this.fetchEntry(spaceId, id)));
    return new Map(rows.flatMap((row) => (row ? [[row.id, row] as const] : [])));
  }

  /** @throws ProblemError 422 for a channel that the space does not have */
  async requireChannel(spaceId: string, channelId: string, pointer: string): Promise<void> {
    const caller = { service: SERVICE, spaceId };
    if (await findReferenced(this.operations, getChannel, { spaceId, channelId }, caller)) return;
    throw unprocessable('The channel does not exist in this space.', 'unknown_channel', [
      { pointer, detail: 'names no channel of this space' },
    ]);
  }

  private async fetchEntry(spaceId: string, id: string): Promise<DirectoryRow | null> {
    const caller = { service: SERVICE, spaceId };
    if (id.startsWith('agent_')) {
      const agent = await findReferenced(this.operations, getAgent, { spaceId, agentId: id }, caller);
      return agent && { space_id: spaceId, id, account_id: agent.accountId, name: agent.name };
    }
    if (id.startsWith('space_')) {
      const space = await findReferenced(this.operations, getSpace, { spaceId }, caller);
      return space && { space_id: spaceId, id, account_id: null, name: space.name };
    }
    if (!id.startsWith('acc_')) return null;
    const account = await findReferenced(this.operations, findAccount, { spaceId, accountId: id }, caller);
    return account && { space_id: spaceId, id, account_id: id, name: account.name };
  }
}
