import { Injectable } from '@nestjs/common';
import type { Graph } from '@parley/contracts';
import { anyOfTexts, type Trx } from '@parley/database';
import { sql } from 'kysely';
import type { FlowTrx } from '../database.ts';

/** A published flow with the graph that its new runs follow. */
export interface PublishedFlow {
  id: string;
  name: string;
  graph: Graph;
}

/** Who names whom among agents, flows and knowledge bases. */
@Injectable()
export class ReferencesRepository {
  /** Which of these agents there are; they stay until the transaction ends. */
  async holdAgents(trx: FlowTrx, spaceId: string, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await trx
      .selectFrom('agent')
      .select('id')
      .where('space_id', '=', spaceId)
      .where('id', '=', anyOfTexts(ids))
      .orderBy('id')
      .forKeyShare()
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  /** Published flows whose graph holds an id anywhere in its text: the steps tell whether it is a reference. */
  async publishedFlowsWith(trx: FlowTrx, spaceId: string, id: string): Promise<PublishedFlow[]> {
    return trx
      .selectFrom('flow')
      .innerJoin('flow_version', (join) =>
        join
          .onRef('flow_version.space_id', '=', 'flow.space_id')
          .onRef('flow_version.flow_id', '=', 'flow.id')
          .onRef('flow_version.number', '=', 'flow.published_version'),
      )
      .select(['flow.id', 'flow.name', 'flow_version.graph'])
      .where('flow.space_id', '=', spaceId)
      .where('flow.deleted_at', 'is', null)
      .where(sql<boolean>`position(${id} IN flow_version.graph::text) > 0`)
      .orderBy('flow.id')
      .execute();
  }

  /** Agents that run a flow by default. */
  async agentsRunning(
    trx: FlowTrx,
    spaceId: string,
    flowId: string,
  ): Promise<{ id: string; name: string }[]> {
    return trx
      .selectFrom('agent')
      .select(['id', 'name'])
      .where('space_id', '=', spaceId)
      .where('default_flow_id', '=', flowId)
      .orderBy('id')
      .execute();
  }

  /** Takes a knowledge base that is gone from the agents that answered from it. */
  async detachKnowledgeBase<Tables>(trx: Trx<Tables>, spaceId: string, id: string): Promise<void> {
    await (trx as unknown as FlowTrx)
      .updateTable('agent')
      .set({ knowledge_base_ids: sql`knowledge_base_ids - ${id}::text`, version: sql`version + 1` })
      .where('space_id', '=', spaceId)
      .where(sql<boolean>`jsonb_exists(knowledge_base_ids, ${id})`)
      .execute();
  }
}
