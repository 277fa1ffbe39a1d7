import { Injectable } from '@nestjs/common';
import {
  conflict,
  flowChanged,
  FlowSchema,
  FlowVersionSchema,
  type Graph,
  newId,
  notFound,
  unprocessable,
} from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import type { z } from 'zod';
import type { FlowTrx } from '../database.ts';
import type { FlowRow, FlowVersionRow } from './flow.table.ts';
import { FlowsRepository } from './flows.repository.ts';
import { generatedGraph, graphProblems } from './graph.ts';

type Flow = z.infer<typeof FlowSchema>;
type FlowVersion = z.infer<typeof FlowVersionSchema>;

interface FlowChange {
  spaceId: string;
  flowId: string;
  name?: string | undefined;
  draft?: Graph | undefined;
  metadata?: unknown;
}

export function toFlow(row: FlowRow): Flow {
  return {
    id: row.id,
    name: row.name,
    draft: row.draft,
    publishedVersion: row.published_version,
    generated: row.generated,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Flow['metadata'],
  };
}

export function toVersion(row: FlowVersionRow): FlowVersion {
  return {
    flowId: row.flow_id,
    number: row.number,
    graph: row.graph,
    createdAt: row.created_at.toISOString(),
  };
}

@Injectable()
export class FlowsService {
  constructor(
    private readonly flows: FlowsRepository,
    private readonly events: EventLog,
  ) {}

  async create(
    trx: FlowTrx,
    input: { spaceId: string; name: string; draft?: Graph | undefined; metadata?: unknown },
  ): Promise<Flow> {
    const row = await this.flows.insert(trx, {
      space_id: input.spaceId,
      id: newId('flow'),
      name: input.name,
      draft: input.draft ? JSON.stringify(input.draft) : null,
      published_version: null,
      metadata: JSON.stringify(input.metadata ?? {}),
    });
    await this.announce(trx, row);
    return toFlow(row);
  }

  /** The one-step flow of an agent without a flow of its own, published at once. */
  async createGenerated(trx: FlowTrx, spaceId: string, name: string): Promise<string> {
    const id = newId('flow');
    const graph = generatedGraph();
    const row = await this.flows.insert(trx, {
      space_id: spaceId,
      id,
      name,
      draft: JSON.stringify(graph),
      published_version: 1,
      generated: true,
      metadata: '{}',
    });
    await this.flows.insertVersion(trx, { spaceId, flowId: id, number: 1, graph });
    await this.announce(trx, row);
    return id;
  }

  /** @param check throws when the caller knows another state */
  async update(trx: FlowTrx, input: FlowChange, check: (current: Flow) => void): Promise<Flow> {
    const row = await this.lockOwn(trx, input.spaceId, input.flowId);
    check(toFlow(row));
    const changed = await this.flows.update(trx, row, {
      ...(input.name === undefined ? {} : { name: input.name }),
      ...(input.draft === undefined ? {} : { draft: JSON.stringify(input.draft) }),
      ...(input.metadata === undefined ? {} : { metadata: JSON.stringify(input.metadata) }),
    });
    if (input.name !== undefined) await this.announce(trx, changed);
    return toFlow(changed);
  }

  async publish(trx: FlowTrx, spaceId: string, flowId: string): Promise<FlowVersion> {
    const row = await this.lockOwn(trx, spaceId, flowId);
    if (!row.draft) throw conflict('The flow has no draft to publish. PUT a draft first.', 'no_draft');
    const problems = graphProblems(row.draft);
    if (problems.length > 0) throw unprocessable('The draft cannot be published.', 'invalid_flow', problems);
    return this.addVersion(trx, row, row.draft);
  }

  /** The graph of an earlier version becomes a new one, so that numbers only rise and a rollback can be rolled back. */
  async rollBack(
    trx: FlowTrx,
    of: { spaceId: string; flowId: string; versionNumber: number },
  ): Promise<FlowVersion> {
    const { spaceId, flowId, versionNumber } = of;
    const row = await this.lockOwn(trx, spaceId, flowId);
    const version = await this.flows.findVersion(trx, spaceId, flowId, versionNumber);
    if (!version) {
      throw unprocessable('There is no such version. GET versions lists them.', 'unknown_reference', [
        { pointer: '/versionNumber', detail: 'names no version of this flow' },
      ]);
    }
    const problems = graphProblems(version.graph);
    if (problems.length > 0)
      throw unprocessable('That version cannot be published any more.', 'invalid_flow', problems);
    return this.addVersion(trx, row, version.graph);
  }

  private async addVersion(trx: FlowTrx, row: FlowRow, graph: Graph): Promise<FlowVersion> {
    const { space_id: spaceId, id: flowId } = row;
    const number = (row.published_version ?? 0) + 1;
    const version = await this.flows.insertVersion(trx, { spaceId, flowId, number, graph });
    await this.announce(trx, await this.flows.update(trx, row, { published_version: number }));
    return toVersion(version);
  }

  async requirePublished(trx: FlowTrx, spaceId: string, flowId: string): Promise<void> {
    const row = await this.flows.find(trx, spaceId, flowId);
    if (row?.published_version) return;
    const detail = row ? 'names a flow that was never published' : 'names no flow of this space';
    throw unprocessable('The default flow cannot be used.', 'unknown_reference', [
      { pointer: '/defaultFlowId', detail },
    ]);
  }

  private async lockOwn(trx: FlowTrx, spaceId: string, flowId: string): Promise<FlowRow> {
    const row = await this.flows.lock(trx, spaceId, flowId);
    if (!row) throw notFound('The flow');
    if (row.generated)
      throw conflict(
        'This flow belongs to its agent. Create a flow and make it the agent’s default flow instead.',
      );
    return row;
  }

  private async announce(trx: FlowTrx, row: FlowRow): Promise<void> {
    const data = { flowId: row.id, name: row.name, publishedVersion: row.published_version, deleted: false };
    await this.events.append(trx, [{ definition: flowChanged, spaceId: row.space_id, data }]);
  }
}
