import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type {
  ChannelRow,
  ChannelStatus,
  ChannelTable,
  ChannelTarget,
  ChannelTrx,
  TargetTable,
} from '../database.ts';

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

  /**
   * Writes what an event says of a target; says whether the flow that it runs is another now, and whether it went away.
   * Only a deletion makes a usable target unusable: an event of a flow's draft can arrive after its owner has shown it
   * as published.
   */
  async saveTarget(
    trx: ChannelTrx,
    row: Omit<TargetTable, 'default_flow_id'> & { default_flow_id?: string | null | undefined },
  ): Promise<{ runsAnother: boolean; isLost: boolean }> {
    const before = await this.findTarget(trx, row.space_id, row.id);
    const { name, deleted, default_flow_id: flowId = before?.default_flow_id ?? null } = row;
    const isUsable = sql<boolean>`excluded.usable OR (target.usable AND NOT excluded.deleted)`;
    const { usable } = await trx
      .insertInto('target')
      .values({ ...row, default_flow_id: flowId })
      .onConflict((conflict) =>
        conflict
          .columns(['space_id', 'id'])
          .doUpdateSet({ name, usable: isUsable, deleted, default_flow_id: flowId }),
      )
      .returning('usable')
      .executeTakeFirstOrThrow();
    return {
      runsAnother: (before?.default_flow_id ?? null) !== flowId,
      isLost: !usable && before?.usable !== false,
    };
  }

  /**
   * Writes a target that its owner has just shown, where no event has told of it. A flow that is known as a draft was
   * published since. What is known as deleted stays so: its deletion may be newer than the owner's answer.
   */
  async learnTarget(trx: ChannelTrx, row: TargetTable): Promise<void> {
    await trx
      .insertInto('target')
      .values(row)
      .onConflict((conflict) =>
        row.id.startsWith('flow_')
          ? conflict
              .columns(['space_id', 'id'])
              .doUpdateSet({ name: row.name, usable: true })
              .where('target.deleted', '=', false)
          : conflict.doNothing(),
      )
      .execute();
  }

  /** Deleted targets of active channels, in every space. */
  async lostTargets(trx: ChannelTrx): Promise<{ spaceId: string; target: ChannelTarget }[]> {
    const { rows } = await sql<{ spaceId: string; target: ChannelTarget }>`
      SELECT space_id AS "spaceId", target FROM lost_targets()`.execute(trx);
    return rows;
  }

  /** Locks the channels that an agent or a flow answers. */
  async lockOfTarget(trx: ChannelTrx, spaceId: string, target: ChannelTarget): Promise<ChannelRow[]> {
    return trx
      .selectFrom('channel')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where(sql<boolean>`target @> ${JSON.stringify(target)}::jsonb`)
      .orderBy('id')
      .forUpdate()
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

  /** The same, and nobody changes it before this transaction has ended. */
  async holdTarget(trx: ChannelTrx, spaceId: string, id: string): Promise<TargetTable | undefined> {
    return trx
      .selectFrom('target')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forShare()
      .executeTakeFirst();
  }

  /** The channels that an agent or flow answers, oldest first. */
  async listOfTarget(
    trx: ChannelTrx,
    spaceId: string,
    target: ChannelTarget,
  ): Promise<Pick<ChannelRow, 'id' | 'channel_name' | 'status'>[]> {
    return trx
      .selectFrom('channel')
      .select(['id', 'channel_name', 'status'])
      .where('space_id', '=', spaceId)
      .where(sql<boolean>`target = ${JSON.stringify(target)}::jsonb`)
      .orderBy('id')
      .execute();
  }

  /** Locks the channels of a space that hold secrets and counts their versions on. */
  async touchSealed(trx: ChannelTrx, spaceId: string): Promise<ChannelRow[]> {
    return trx
      .updateTable('channel')
      .set((row) => ({ version: row('version', '+', 1) }))
      .where('space_id', '=', spaceId)
      .where((row) =>
        row.or([row('sealed_secret', 'is not', null), row('sealed_credentials', 'is not', null)]),
      )
      .returningAll()
      .execute();
  }

  /** Locks the channels of an agent and counts their versions on, for what is kept of them elsewhere. */
  async touchOfAgent(trx: ChannelTrx, spaceId: string, agentId: string): Promise<ChannelRow[]> {
    return trx
      .updateTable('channel')
      .set((row) => ({ version: row('version', '+', 1) }))
      .where('space_id', '=', spaceId)
      .where(sql<boolean>`target @> ${JSON.stringify({ agentId })}::jsonb`)
      .returningAll()
      .execute();
  }
}
