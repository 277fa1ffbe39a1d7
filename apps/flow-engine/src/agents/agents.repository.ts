import type { PageRequest } from '@parley/contracts';
import { Injectable } from '@nestjs/common';
import { anyOfTexts } from '@parley/database';
import type { FlowTrx } from '../database.ts';
import type { AgentRow, NewAgentRow } from './agent.table.ts';

@Injectable()
export class AgentsRepository {
  async insert(trx: FlowTrx, row: NewAgentRow): Promise<AgentRow> {
    return trx.insertInto('agent').values(row).returningAll().executeTakeFirstOrThrow();
  }

  async find(trx: FlowTrx, spaceId: string, id: string): Promise<AgentRow | undefined> {
    return trx
      .selectFrom('agent')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async lock(trx: FlowTrx, spaceId: string, id: string): Promise<AgentRow | undefined> {
    return trx
      .selectFrom('agent')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  async findMany(trx: FlowTrx, ids: readonly string[]): Promise<AgentRow[]> {
    if (ids.length === 0) return [];
    return trx.selectFrom('agent').selectAll().where('id', '=', anyOfTexts(ids)).execute();
  }

  async list(trx: FlowTrx, spaceId: string, page: PageRequest): Promise<AgentRow[]> {
    return trx
      .selectFrom('agent')
      .selectAll()
      .where('space_id', '=', spaceId)
      .$if(page.before !== null, (query) => query.where('id', '<', page.before ?? ''))
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async update(
    trx: FlowTrx,
    row: AgentRow,
    change: Partial<Omit<NewAgentRow, 'space_id' | 'id'>>,
  ): Promise<AgentRow> {
    return trx
      .updateTable('agent')
      .set({ ...change, version: row.version + 1, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async delete(trx: FlowTrx, spaceId: string, id: string): Promise<void> {
    await trx.deleteFrom('agent').where('space_id', '=', spaceId).where('id', '=', id).execute();
  }
}
