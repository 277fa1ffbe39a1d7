import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import {
  type Agent,
  agentChanged,
  applyPatch,
  ModelSchema,
  newId,
  notFound,
  type ProblemDetail,
  type OperationInput,
  type createAgent,
  type updateAgent,
  unprocessable,
  VoiceSchema,
} from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import { GuardedFetch, SecretBox } from '@parley/service';
import type { FlowTrx } from '../database.ts';
import { FlowsService } from '../flows/flows.service.ts';
import { mergeMetadata } from '../references/metadata.ts';
import { requireUnused, type TargetUser } from '../references/target-users.service.ts';
import { KnowledgeRepository } from '../knowledge/knowledge.repository.ts';
import type { AgentRow, NewAgentRow, StoredModel } from './agent.table.ts';
import { AgentsRepository } from './agents.repository.ts';

type CreateInput = OperationInput<typeof createAgent>;
type UpdateInput = OperationInput<typeof updateAgent>;

export function toAgent(row: AgentRow): Agent {
  return {
    id: row.id,
    name: row.name,
    accountId: row.account_id,
    instructions: row.instructions,
    greeting: row.greeting,
    model: row.model,
    knowledgeBaseIds: row.knowledge_base_ids,
    tools: row.tools,
    suggestedQuestions: row.suggested_questions,
    defaultFlowId: row.default_flow_id,
    voice: row.voice,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Agent['metadata'],
  };
}

@Injectable()
export class AgentsService {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly flows: FlowsService,
    private readonly knowledge: KnowledgeRepository,
    private readonly events: EventLog,
    private readonly secrets: SecretBox,
    private readonly http: GuardedFetch,
  ) {}

  async create(trx: FlowTrx, input: CreateInput): Promise<Agent> {
    await this.requireReferences(trx, input.spaceId, input);
    await this.requireModel(input.model, { key: input.modelApiKey, before: null });
    const id = newId('agent');
    const generatedFlowId = await this.flows.createGenerated(trx, input.spaceId, input.name);
    const row: NewAgentRow = {
      space_id: input.spaceId,
      id,
      name: input.name,
      account_id: newId('acc'),
      instructions: input.instructions,
      greeting: input.greeting,
      model: input.model && JSON.stringify(input.model),
      model_api_key: await this.seal(trx, input.spaceId, id, input.modelApiKey ?? null),
      knowledge_base_ids: JSON.stringify(input.knowledgeBaseIds),
      tools: JSON.stringify(input.tools),
      suggested_questions: JSON.stringify(input.suggestedQuestions),
      voice: input.voice && JSON.stringify(input.voice),
      default_flow_id: input.defaultFlowId,
      generated_flow_id: generatedFlowId,
      metadata: JSON.stringify(input.metadata ?? {}),
    };
    const agent = await this.agents.insert(trx, row);
    await this.announce(trx, agent, false);
    return toAgent(agent);
  }

  /** @param check throws when the caller knows another state */
  async update(trx: FlowTrx, input: UpdateInput, check: (current: Agent) => void): Promise<Agent> {
    const row = await this.agents.lock(trx, input.spaceId, input.agentId);
    if (!row) throw notFound('The agent');
    check(toAgent(row));
    await this.requireReferences(trx, input.spaceId, input);
    const { model: patch } = input;
    const of = { current: row.model, pointer: '/model' };
    const model = patch === undefined ? undefined : applyPatch(ModelSchema, { ...of, patch });
    await this.requireModel(model, { key: input.modelApiKey, before: row.model });
    const changed = await this.agents.update(trx, row, await this.toChange(trx, row, { ...input, model }));
    await this.announce(trx, changed, false);
    return toAgent(changed);
  }

  /**
   * Deletes an agent that nobody needs; a conversation that it takes part in goes to a person with its next message.
   * @param channels that it answers
   * @throws ProblemError 409 where somebody needs it
   */
  async delete(
    trx: FlowTrx,
    of: { spaceId: string; agentId: string; channels: readonly TargetUser[] },
  ): Promise<void> {
    const { spaceId, agentId, channels } = of;
    const row = await this.agents.lock(trx, spaceId, agentId);
    if (!row) throw notFound('The agent');
    requireUnused('agent', [...channels, ...(await this.flows.naming(trx, spaceId, agentId))]);
    await this.agents.delete(trx, spaceId, agentId);
    await this.flows.deleteGenerated(trx, spaceId, row.generated_flow_id);
    await this.announce(trx, row, true);
  }

  private async toChange(
    trx: FlowTrx,
    row: AgentRow,
    { model, ...input }: Omit<UpdateInput, 'model'> & { model: StoredModel | null | undefined },
  ): Promise<Partial<NewAgentRow>> {
    const json = (value: unknown): string | undefined =>
      value === undefined ? undefined : JSON.stringify(value);
    const { voice: patch } = input;
    const of = { current: row.voice, pointer: '/voice' };
    const voice = patch === undefined ? undefined : applyPatch(VoiceSchema, { ...of, patch });
    // A key is kept for the endpoint that it was given for alone: it goes with the model.
    const key = model === null ? null : input.modelApiKey;
    return {
      name: input.name,
      instructions: input.instructions,
      greeting: input.greeting,
      model: model === null ? null : json(model),
      model_api_key: key === undefined ? undefined : await this.seal(trx, row.space_id, row.id, key),
      knowledge_base_ids: json(input.knowledgeBaseIds),
      tools: json(input.tools),
      suggested_questions: json(input.suggestedQuestions),
      voice: voice === null ? null : json(voice),
      default_flow_id: input.defaultFlowId,
      metadata: input.metadata === undefined ? undefined : mergeMetadata(row.metadata, input.metadata),
    };
  }

  private async requireReferences(
    trx: FlowTrx,
    spaceId: string,
    input: {
      knowledgeBaseIds?: string[] | undefined;
      defaultFlowId?: string | null | undefined;
      tools?: string[] | undefined;
    },
  ): Promise<void> {
    if (input.defaultFlowId) await this.flows.requirePublished(trx, spaceId, input.defaultFlowId);
    const missing: ProblemDetail[] = [];
    for (const [index, id] of (input.knowledgeBaseIds ?? []).entries()) {
      if (await this.knowledge.holdBase(trx, spaceId, id)) continue;
      missing.push({
        pointer: `/knowledgeBaseIds/${index}`,
        detail: 'names no knowledge base of this space',
      });
    }
    // There are no tools that an agent could call yet, so that every name is unknown.
    for (const [index, name] of (input.tools ?? []).entries())
      missing.push({ pointer: `/tools/${index}`, detail: `names no tool of this installation: "${name}"` });
    if (missing.length > 0)
      throw unprocessable('The agent refers to an object that does not exist.', 'unknown_reference', missing);
  }

  /** A model comes with its key, or with null where it needs none; a stored key goes to no other host than it was given for. */
  private async requireModel(
    model: StoredModel | null | undefined,
    { key, before }: { key: string | null | undefined; before: StoredModel | null },
  ): Promise<void> {
    if (!model) return;
    const isKnown = before !== null && new URL(before.baseUrl).origin === new URL(model.baseUrl).origin;
    if (key === undefined && !isKnown) {
      throw unprocessable('The model needs its key.', 'model_key_missing', [
        {
          pointer: '/modelApiKey',
          detail: 'is missing; give the key of this endpoint, or null if it needs no key',
        },
      ]);
    }
    const refusal = await this.refusalOf(new URL(model.baseUrl));
    if (refusal === null) return;
    throw unprocessable('The model cannot be called.', 'egress_refused', [
      { pointer: '/model/baseUrl', detail: refusal },
    ]);
  }

  /** Why an address may never be called; what a name resolves to is checked with each call. */
  private async refusalOf({ protocol, hostname }: URL): Promise<string | null> {
    if (protocol !== 'https:' && protocol !== 'http:') return 'is neither http nor https';
    const isLocal = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || hostname === 'localhost';
    if (!isLocal) return null;
    return this.http.resolve(hostname).then(
      () => null,
      () => 'is not at a public address; an operator can list it in EGRESS_ALLOW',
    );
  }

  private async seal(
    trx: FlowTrx,
    spaceId: string,
    agentId: string,
    key: string | null,
  ): Promise<string | null> {
    return key === null
      ? null
      : this.secrets.seal(trx, { spaceId, table: 'agent', row: agentId, column: 'model_api_key' }, key);
  }

  private async announce(trx: FlowTrx, row: AgentRow, deleted: boolean): Promise<void> {
    const { id: agentId, account_id: accountId, name } = row;
    const defaultFlowId = row.default_flow_id ?? row.generated_flow_id;
    const data = { agentId, accountId, name, defaultFlowId, deleted };
    await this.events.append(trx, [{ definition: agentChanged, spaceId: row.space_id, data }]);
  }
}
