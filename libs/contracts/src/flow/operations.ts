import { z } from 'zod';
import { Id, InSpace, MAX_INTEGER, Metadata, EmptyOutput, Paging, QueryFlag } from '../core/common.ts';
import { patchOf } from '../core/merge-patch.ts';
import { ProblemDetailSchema } from '../core/problem.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import {
  AgentFields,
  AgentSchema,
  FlowSchema,
  FlowTrialSchema,
  FlowVersionSchema,
  GraphSchema,
  RunSchema,
  runStatuses,
  StepTypeSchema,
} from './types.ts';

export * from './calls.operations.ts';
export * from './knowledge.operations.ts';

const agents = '/spaces/:spaceId/agents';
const flows = '/spaces/:spaceId/flows';
const InAgent = { ...InSpace, agentId: Id };
const InFlow = { ...InSpace, flowId: Id };
/** What a contact says in a dry run, one after the other. */
const TrialMessages = z.array(z.string().min(1).max(10_000)).min(1).max(20);

export const createAgent = defineOperation({
  name: 'flow.create_agent',
  kind: 'command',
  etag: true,
  permission: 'agents:manage',
  summary: 'Create an agent with its own service account',
  http: { method: 'POST', path: agents, status: 201 },
  input: z.strictObject({
    ...InSpace,
    name: AgentFields.name,
    instructions: AgentFields.instructions.default(''),
    greeting: AgentFields.greeting.default(null),
    model: AgentFields.model.default(null),
    modelApiKey: AgentFields.modelApiKey.optional(),
    knowledgeBaseIds: AgentFields.knowledgeBaseIds.default([]),
    tools: AgentFields.tools.default([]),
    suggestedQuestions: AgentFields.suggestedQuestions.default([]),
    defaultFlowId: AgentFields.defaultFlowId.default(null),
    voice: AgentFields.voice.default(null),
    metadata: Metadata.optional(),
  }),
  output: AgentSchema,
});

export const listAgents = defineOperation({
  name: 'flow.list_agents',
  kind: 'query',
  permission: 'agents:read',
  summary: 'List agents of a space',
  http: { method: 'GET', path: agents },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(AgentSchema),
});

export const getAgent = defineOperation({
  name: 'flow.get_agent',
  kind: 'query',
  etag: true,
  permission: 'agents:read',
  summary: 'Get an agent',
  http: { method: 'GET', path: `${agents}/:agentId` },
  input: z.strictObject(InAgent),
  output: AgentSchema,
});

export const updateAgent = defineOperation({
  name: 'flow.update_agent',
  kind: 'command',
  etag: true,
  permission: 'agents:manage',
  summary: 'Update an agent (JSON Merge Patch)',
  http: { method: 'PATCH', path: `${agents}/:agentId` },
  input: z.strictObject({
    ...InAgent,
    ...z.strictObject(AgentFields).partial().shape,
    model: patchOf(AgentFields.model).nullable().optional(),
    voice: patchOf(AgentFields.voice).nullable().optional(),
    metadata: patchOf(Metadata).nullable().optional(),
  }),
  output: AgentSchema,
});

export const deleteAgent = defineOperation({
  name: 'flow.delete_agent',
  kind: 'command',
  permission: 'agents:manage',
  summary: 'Delete an agent; 409 `target_in_use` if a channel or published flow uses it',
  http: { method: 'DELETE', path: `${agents}/:agentId` },
  input: z.strictObject(InAgent),
  output: EmptyOutput,
});

export const createFlow = defineOperation({
  name: 'flow.create_flow',
  kind: 'command',
  etag: true,
  permission: 'flows:manage',
  summary: 'Create a flow, optionally with a draft',
  http: { method: 'POST', path: flows, status: 201 },
  input: z.strictObject({
    ...InSpace,
    name: AgentFields.name,
    draft: GraphSchema.optional(),
    metadata: Metadata.optional(),
  }),
  output: FlowSchema,
});

export const listFlows = defineOperation({
  name: 'flow.list_flows',
  kind: 'query',
  permission: 'flows:read',
  summary: 'List flows of a space',
  http: { method: 'GET', path: flows },
  input: z.strictObject({
    ...InSpace,
    ...Paging,
    /** The flows that agents without a flow of their own got; without it the list holds only the others. */
    generated: QueryFlag.optional(),
  }),
  output: listOf(FlowSchema),
});

export const getFlow = defineOperation({
  name: 'flow.get_flow',
  kind: 'query',
  etag: true,
  permission: 'flows:read',
  summary: 'Get a flow',
  http: { method: 'GET', path: `${flows}/:flowId` },
  input: z.strictObject(InFlow),
  output: FlowSchema,
});

export const updateFlow = defineOperation({
  name: 'flow.update_flow',
  kind: 'command',
  etag: true,
  permission: 'flows:manage',
  summary: 'Update a flow (JSON Merge Patch)',
  http: { method: 'PATCH', path: `${flows}/:flowId` },
  input: z.strictObject({
    ...InFlow,
    name: AgentFields.name.optional(),
    draft: patchOf(GraphSchema).nullable().optional(),
    metadata: patchOf(Metadata).nullable().optional(),
  }),
  output: FlowSchema,
});

export const deleteFlow = defineOperation({
  name: 'flow.delete_flow',
  kind: 'command',
  permission: 'flows:manage',
  summary: 'Delete a flow; 409 `target_in_use` if a channel or agent uses it. Its runs continue to their end',
  http: { method: 'DELETE', path: `${flows}/:flowId` },
  input: z.strictObject(InFlow),
  output: EmptyOutput,
});

export const saveDraft = defineOperation({
  name: 'flow.save_draft',
  kind: 'command',
  etag: true,
  permission: 'flows:manage',
  summary: "Replace a flow's draft",
  http: { method: 'PUT', path: `${flows}/:flowId/draft` },
  input: z.strictObject({ ...InFlow, draft: GraphSchema }),
  output: FlowSchema,
});

export const publishFlow = defineOperation({
  name: 'flow.publish',
  kind: 'command',
  permission: 'flows:manage',
  summary: 'Publish the draft as a new version; active runs keep their version',
  http: { method: 'POST', path: `${flows}/:flowId/publish` },
  input: z.strictObject(InFlow),
  output: FlowVersionSchema,
});

export const validateFlow = defineOperation({
  name: 'flow.validate',
  kind: 'query',
  permission: 'flows:read',
  summary: 'Validate a graph, or the draft if none is given; errors are JSON pointers',
  http: { method: 'POST', path: `${flows}/:flowId/validate` },
  input: z.strictObject({ ...InFlow, draft: GraphSchema.optional() }),
  output: z.object({ valid: z.boolean(), errors: z.array(ProblemDetailSchema) }),
});

export const rollBackFlow = defineOperation({
  name: 'flow.roll_back',
  kind: 'command',
  permission: 'flows:manage',
  summary:
    'Publish the graph of an earlier version as a new version; the draft and active runs do not change',
  http: { method: 'POST', path: `${flows}/:flowId/rollback` },
  input: z.strictObject({ ...InFlow, versionNumber: z.int().min(1).max(MAX_INTEGER) }),
  output: FlowVersionSchema,
});

export const testFlow = defineOperation({
  name: 'flow.test',
  kind: 'query',
  permission: 'flows:manage',
  summary:
    'Test the draft without storing or sending anything; agents answer from knowledge bases, without a model',
  http: { method: 'POST', path: `${flows}/:flowId/test` },
  input: z.strictObject({ ...InFlow, messages: TrialMessages, agentId: Id.optional() }),
  output: FlowTrialSchema,
});

export const forkRun = defineOperation({
  name: 'flow.fork_run',
  kind: 'query',
  permission: 'flows:manage',
  summary:
    'Continue a run from one of its steps with other messages, in its version or the draft, without storing or sending anything',
  http: { method: 'POST', path: '/spaces/:spaceId/runs/:runId/fork' },
  input: z.strictObject({
    ...InSpace,
    runId: Id,
    stepNo: z.int().min(1).max(MAX_INTEGER),
    messages: TrialMessages,
    draft: z.boolean().default(false),
  }),
  output: FlowTrialSchema,
});

export const listFlowVersions = defineOperation({
  name: 'flow.list_versions',
  kind: 'query',
  permission: 'flows:read',
  summary: 'List published versions of a flow, newest first',
  http: { method: 'GET', path: `${flows}/:flowId/versions` },
  input: z.strictObject({ ...InFlow, ...Paging }),
  output: listOf(FlowVersionSchema),
});

export const listStepTypes = defineOperation({
  name: 'flow.list_step_types',
  kind: 'query',
  permission: 'flows:read',
  summary: 'List step types with the JSON Schema of their settings',
  http: { method: 'GET', path: '/spaces/:spaceId/step-types' },
  input: z.strictObject(InSpace),
  output: z.object({ data: z.array(StepTypeSchema) }),
});

export const listRuns = defineOperation({
  name: 'flow.list_runs',
  kind: 'query',
  permission: 'runs:read',
  summary: 'List runs, newest first',
  http: { method: 'GET', path: '/spaces/:spaceId/runs' },
  input: z.strictObject({
    ...InSpace,
    ...Paging,
    flowId: Id.optional(),
    conversationId: Id.optional(),
    status: z.enum(runStatuses).optional(),
  }),
  output: listOf(RunSchema),
});

export const getRun = defineOperation({
  name: 'flow.get_run',
  kind: 'query',
  permission: 'runs:read',
  summary: 'Get a run with its trace',
  http: { method: 'GET', path: '/spaces/:spaceId/runs/:runId' },
  input: z.strictObject({ ...InSpace, runId: Id }),
  output: RunSchema,
});
