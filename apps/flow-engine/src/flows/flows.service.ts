import { Injectable } from '@nestjs/common';
import {
  applyPatch,
  conflict,
  flowChanged,
  FlowSchema,
  FlowVersionSchema,
  type Graph,
  GraphSchema,
  type MergePatch,
  newId,
  notFound,
  type ProblemDetail,
  unprocessable,
} from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import type { z } from 'zod';
import type { FlowTrx } from '../database.ts';
import type { FlowRow, FlowVersionRow } from './flow.table.ts';
import { FlowsRepository } from './flows.repository.ts';
import { mergeMetadata } from '../references/metadata.ts';
import { ReferencesRepository } from '../references/references.repository.ts';
import { requireUnused, type TargetUser } from '../references/target-users.service.ts';
import { generatedGraph, graphProblems, graphReferences } from './graph.ts';

type Flow = z.infer<typeof FlowSchema>;
type FlowVersion = z.infer<typeof FlowVersionSchema>;

interface FlowChange {
  spaceId: string;
  flowId: string;
  name?: string | undefined;
  draft?: MergePatch<Graph> | null | undefined;
  metadata?: MergePatch<Record<string, unknown>> | null | undefined;
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
    private readonly references: ReferencesRepository,
    private readonly events: EventLog,
  ) {}

  async create(
    trx: FlowTrx,
    input: { spaceId: string; name: string; draft?: Graph | undefined; metadata?: unknown },
  ): Promise<Flow> {
    if (input.draft) await this.requireReferences(trx, input.spaceId, input.draft);
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

  /**
   * Merges a change (RFC 7396).
   * @param check throws when the caller knows another state
   */
  async update(trx: FlowTrx, input: FlowChange, check: (current: Flow) => void): Promise<Flow> {
    const row = await this.lockOwn(trx, input.spaceId, input.flowId);
    check(toFlow(row));
    const { draft: patch } = input;
    const of = { current: row.draft, pointer: '/draft' };
    const draft = patch === undefined ? undefined : applyPatch(GraphSchema, { ...of, patch });
    return this.change(trx, row, { ...input, draft });
  }

  /**
   * Puts another draft in place of the one there is.
   * @param check throws when the caller knows another state
   */
  async saveDraft(
    trx: FlowTrx,
    { spaceId, flowId, draft }: { spaceId: string; flowId: string; draft: Graph },
    check: (current: Flow) => void,
  ): Promise<Flow> {
    const row = await this.lockOwn(trx, spaceId, flowId);
    check(toFlow(row));
    return this.change(trx, row, { draft });
  }

  private async change(
    trx: FlowTrx,
    row: FlowRow,
    { name, draft, metadata }: Pick<FlowChange, 'name' | 'metadata'> & { draft?: Graph | null | undefined },
  ): Promise<Flow> {
    if (draft) await this.requireReferences(trx, row.space_id, draft);
    const changed = await this.flows.update(trx, row, {
      ...(name === undefined ? {} : { name }),
      ...(draft === undefined ? {} : { draft: draft && JSON.stringify(draft) }),
      ...(metadata === undefined ? {} : { metadata: mergeMetadata(row.metadata, metadata) }),
    });
    if (name !== undefined) await this.announce(trx, changed);
    return toFlow(changed);
  }

  /**
   * Deletes a flow that nobody uses; runs that follow one of its versions go on to their end.
   * @param channels that it answers
   * @throws ProblemError 409 where somebody needs it
   */
  async delete(
    trx: FlowTrx,
    of: { spaceId: string; flowId: string; channels: readonly TargetUser[] },
  ): Promise<void> {
    const { spaceId, flowId, channels } = of;
    const row = await this.lockOwn(trx, spaceId, flowId);
    const agents = await this.references.agentsRunning(trx, spaceId, flowId);
    requireUnused('flow', [...channels, ...agents.map((agent) => ({ kind: 'agent' as const, ...agent }))]);
    await this.remove(trx, row);
  }

  /** An agent's flow goes with its agent. */
  async deleteGenerated(trx: FlowTrx, spaceId: string, flowId: string): Promise<void> {
    const row = await this.flows.lock(trx, spaceId, flowId);
    if (row) await this.remove(trx, row);
  }

  private async remove(trx: FlowTrx, row: FlowRow): Promise<void> {
    await this.announce(trx, await this.flows.update(trx, row, { deleted_at: new Date() }), true);
  }

  /** Published flows with a step that needs an agent. */
  async naming(trx: FlowTrx, spaceId: string, agentId: string): Promise<TargetUser[]> {
    const flows = await this.references.publishedFlowsWith(trx, spaceId, agentId);
    return flows
      .filter(({ graph }) => graphReferences(graph).some(({ id }) => id === agentId))
      .map(({ id, name }) => ({ kind: 'flow', id, name }));
  }

  /** What keeps a graph from being published; empty when nothing does. */
  async problemsOf(trx: FlowTrx, spaceId: string, graph: Graph): Promise<ProblemDetail[]> {
    return [...graphProblems(graph), ...(await this.missingReferences(trx, spaceId, graph))];
  }

  private async missingReferences(trx: FlowTrx, spaceId: string, graph: Graph): Promise<ProblemDetail[]> {
    const named = graphReferences(graph);
    const ids = [...new Set(named.map(({ id }) => id))];
    const there = await this.references.holdAgents(trx, spaceId, ids);
    return named
      .filter(({ id }) => !there.has(id))
      .map(({ id, pointer }) => ({ pointer, detail: `names no agent of this space: "${id}"` }));
  }

  private async requireReferences(trx: FlowTrx, spaceId: string, graph: Graph): Promise<void> {
    const missing = await this.missingReferences(trx, spaceId, graph);
    if (missing.length > 0)
      throw unprocessable('The draft refers to an object that does not exist.', 'unknown_reference', missing);
  }

  async publish(trx: FlowTrx, spaceId: string, flowId: string): Promise<FlowVersion> {
    const row = await this.lockOwn(trx, spaceId, flowId);
    if (!row.draft) throw conflict('The flow has no draft to publish. PUT a draft first.', 'no_draft');
    const problems = await this.problemsOf(trx, spaceId, row.draft);
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
      throw unprocessable(
        'The version does not exist. GET …/versions lists all versions.',
        'unknown_reference',
        [{ pointer: '/versionNumber', detail: 'names no version of this flow' }],
      );
    }
    const problems = await this.problemsOf(trx, spaceId, version.graph);
    if (problems.length > 0)
      throw unprocessable(
        'This version cannot be published: it no longer passes validation.',
        'invalid_flow',
        problems,
      );
    return this.addVersion(trx, row, version.graph);
  }

  private async addVersion(trx: FlowTrx, row: FlowRow, graph: Graph): Promise<FlowVersion> {
    const { space_id: spaceId, id: flowId } = row;
    const number = (row.published_version ?? 0) + 1;
    const version = await this.flows.insertVersion(trx, { spaceId, flowId, number, graph });
    await this.announce(trx, await this.flows.update(trx, row, { published_version: number }));
    return toVersion(version);
  }

  /** Keeps a published flow until the transaction ends. @throws ProblemError 422 when there is none */
  async requirePublished(trx: FlowTrx, spaceId: string, flowId: string): Promise<void> {
    const row = await this.flows.hold(trx, spaceId, flowId);
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

  private async announce(trx: FlowTrx, row: FlowRow, deleted = false): Promise<void> {
    const data = { flowId: row.id, name: row.name, publishedVersion: row.published_version, deleted };
    await this.events.append(trx, [{ definition: flowChanged, spaceId: row.space_id, data }]);
  }
}
