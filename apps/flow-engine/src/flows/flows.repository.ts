import { Injectable } from '@nestjs/common';
import type { Graph, PageRequest } from '@parley/contracts';
import { anyOfTexts } from '@parley/database';
import type { FlowTrx } from '../database.ts';
import type { FlowRow, FlowVersionRow, NewFlowRow } from './flow.table.ts';

@Injectable()
export class FlowsRepository {
  async insert(trx: FlowTrx, row: NewFlowRow): Promise<FlowRow> {
    return trx.insertInto('flow').values(row).returningAll().executeTakeFirstOrThrow();
  }

  async insertVersion(
    trx: FlowTrx,
    version: { spaceId: string; flowId: string; number: number; graph: Graph },
  ): Promise<FlowVersionRow> {
    const { spaceId, flowId, number, graph } = version;
    return trx
      .insertInto('flow_version')
      .values({ space_id: spaceId, flow_id: flowId, number, graph: JSON.stringify(graph) })
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async find(trx: FlowTrx, spaceId: string, id: string): Promise<FlowRow | undefined> {
    return trx
      .selectFrom('flow')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
  }

  async lock(trx: FlowTrx, spaceId: string, id: string): Promise<FlowRow | undefined> {
    return trx
      .selectFrom('flow')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .forUpdate()
      .executeTakeFirst();
  }

  /** The same as `find`, and nobody publishes or deletes it before the transaction ends. */
  async hold(trx: FlowTrx, spaceId: string, id: string): Promise<FlowRow | undefined> {
    return trx
      .selectFrom('flow')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .forShare()
      .executeTakeFirst();
  }

  async list(trx: FlowTrx, spaceId: string, page: PageRequest & { generated: boolean }): Promise<FlowRow[]> {
    return trx
      .selectFrom('flow')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('generated', '=', page.generated)
      .where('deleted_at', 'is', null)
      .$if(page.before !== null, (query) => query.where('id', '<', page.before ?? ''))
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async update(
    trx: FlowTrx,
    row: FlowRow,
    change: {
      name?: string;
      draft?: string | null;
      metadata?: string;
      published_version?: number;
      deleted_at?: Date;
    },
  ): Promise<FlowRow> {
    return trx
      .updateTable('flow')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async findVersion(
    trx: FlowTrx,
    spaceId: string,
    flowId: string,
    number: number,
  ): Promise<FlowVersionRow | undefined> {
    return trx
      .selectFrom('flow_version')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('flow_id', '=', flowId)
      .where('number', '=', number)
      .executeTakeFirst();
  }

  /** The published versions of some flows that are not deleted, which may lie in several spaces of one batch. */
  async findPublished(
    trx: FlowTrx,
    flowIds: readonly string[],
  ): Promise<{ id: string; space_id: string; published_version: number }[]> {
    if (flowIds.length === 0) return [];
    const rows = await trx
      .selectFrom('flow')
      .select(['id', 'space_id', 'published_version'])
      .where('id', '=', anyOfTexts(flowIds))
      .where('deleted_at', 'is', null)
      .execute();
    return rows.flatMap((row) =>
      row.published_version === null ? [] : [{ ...row, published_version: row.published_version }],
    );
  }

  async listVersions(
    trx: FlowTrx,
    flow: FlowRow,
    page: { limit: number; below: number | null },
  ): Promise<FlowVersionRow[]> {
    return trx
      .selectFrom('flow_version')
      .selectAll()
      .where('space_id', '=', flow.space_id)
      .where('flow_id', '=', flow.id)
      .$if(page.below !== null, (query) => query.where('number', '<', page.below ?? 0))
      .orderBy('number', 'desc')
      .limit(page.limit + 1)
      .execute();
  }
}
