import { Injectable } from '@nestjs/common';
import type { Insertable } from 'kysely';
import type { ChannelRow, ChannelStatus, ChannelTable, ChannelTrx, TargetTable } from '../database.ts';

@Injectable()
export class ChannelsRepository {
  async insert(trx: ChannelTrx, row: Insertable<ChannelTable>): Promise<ChannelRow> {
    return trx.insertInto('channel').values(row).returningAll().executeTakeFirstOrThrow();
  }

  async find(trx: ChannelTrx, spaceId: string, id: string): Promise<ChannelRow | undefined> {
    return trx
      .selectFrom('channel')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async lock(trx: ChannelTrx, spaceId: string, id: string): Promise<ChannelRow | undefined> {
    return trx
      .selectFrom('channel')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  async findMany(trx: ChannelTrx, ids: readonly string[]): Promise<ChannelRow[]> {
    if (ids.length === 0) return [];
    return trx
      .selectFrom('channel')
      .selectAll()
      .where('id', 'in', [...ids])
      .execute();
  }

  async list(
    trx: ChannelTrx,
    filter: {
      spaceId: string;
      limit: number;
      before: string | null;
      deploymentType?: ChannelRow['deployment_type'] | undefined;
      status?: ChannelStatus | undefined;
    },
  ): Promise<ChannelRow[]> {
    let query = trx.selectFrom('channel').selectAll().where('space_id', '=', filter.spaceId);
    if (filter.before) query = query.where('id', '<', filter.before);
    if (filter.deploymentType) query = query.where('deployment_type', '=', filter.deploymentType);
    if (filter.status) query = query.where('status', '=', filter.status);
    return query
      .orderBy('id', 'desc')
      .limit(filter.limit + 1)
      .execute();
  }

  async update(
    trx: ChannelTrx,
    row: ChannelRow,
    change: Partial<Omit<Insertable<ChannelTable>, 'space_id' | 'id'>>,
  ): Promise<ChannelRow> {
    return trx
      .updateTable('channel')
      .set({ ...change, version: row.version + 1, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async delete(trx: ChannelTrx, row: ChannelRow): Promise<void> {
    await trx.deleteFrom('channel').where('space_id', '=', row.space_id).where('id', '=', row.id).execute();
  }

  async saveTarget(trx: ChannelTrx, row: Insertable<TargetTable>): Promise<void> {
    const { name, usable } = row;
    await trx
      .insertInto('target')
      .values(row)
      .onConflict((conflict) => conflict.columns(['space_id', 'id']).doUpdateSet({ name, usable }))
      .execute();
  }

  async findTarget(trx: ChannelTrx, spaceId: string, id: string): Promise<TargetTable | undefined> {
    return trx
      .selectFrom('target')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }
}
