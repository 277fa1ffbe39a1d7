import { z } from 'zod';
import { Id, InSpace, MAX_INTEGER, Metadata, Nothing, Paging } from '../core/common.ts';
import { shortText } from '../core/text.ts';
import { ProblemDetailSchema } from '../core/problem.ts';
import { defineOperation, FileInput, listOf } from '../core/operation.ts';
import {
  AgentFields,
  AgentSchema,
  DOCUMENT_FILE_LIMIT,
  DOCUMENT_LIMIT,
  documentMediaTypes,
  DocumentSchema,
  FlowSchema,
  FlowTrialSchema,
  FlowVersionSchema,
  GraphSchema,
  KnowledgeBaseSchema,
  RunSchema,
  runStatuses,
  SearchHitSchema,
  StepTypeSchema,
} from './types.ts';

export * from './calls.operations.ts';

const agents = '/spaces/:spaceId/agents';
const flows = '/spaces/:spaceId/flows';
const bases = '/spaces/:spaceId/knowledge-bases';
const InAgent = { ...InSpace, agentId: Id };
const InFlow = { ...InSpace, flowId: Id };
/** What a contact says in a dry run, one after the other. */
const TrialMessages = z.array(z.string().min(1).max(10_000)).min(1).max(20);
const InBase = { ...InSpace, knowledgeBaseId: Id };

export const createAgent = defineOperation({
  name: 'flow.create_agent',
  kind: 'command',
  etag: true,
  permission: 'agents:manage',
  summary: 'Create an agent; it gets a service account',
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
  summary: 'Agents of a space',
  http: { method: 'GET', path: agents },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(AgentSchema),
});

export const getAgent = defineOperation({
  name: 'flow.get_agent',
  kind: 'query',
  etag: true,
  permission: 'agents:read',
  summary: 'One agent',
  http: { method: 'GET', path: `${agents}/:agentId` },
  input: z.strictObject(InAgent),
  output: AgentSchema,
});

export const updateAgent = defineOperation({
  name: 'flow.update_agent',
  kind: 'command',
  etag: true,
  permission: 'agents:manage',
  summary: 'Change an agent in part',
  http: { method: 'PATCH', path: `${agents}/:agentId` },
  input: z.strictObject({ ...InAgent, ...z.strictObject(AgentFields).partial().shape }),
  output: AgentSchema,
});

export const deleteAgent = defineOperation({
  name: 'flow.delete_agent',
  kind: 'command',
  permission: 'agents:manage',
  summary: 'Delete an agent',
  http: { method: 'DELETE', path: `${agents}/:agentId` },
  input: z.strictObject(InAgent),
  output: Nothing,
});

export const createFlow = defineOperation({
  name: 'flow.create_flow',
  kind: 'command',
  etag: true,
  permission: 'flows:manage',
  summary: 'Create a flow, with a draft if given',
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
  summary: 'Flows of a space',
  http: { method: 'GET', path: flows },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(FlowSchema),
});

export const getFlow = defineOperation({
  name: 'flow.get_flow',
  kind: 'query',
  etag: true,
  permission: 'flows:read',
  summary: 'One flow',
  http: { method: 'GET', path: `${flows}/:flowId` },
  input: z.strictObject(InFlow),
  output: FlowSchema,
});

export const updateFlow = defineOperation({
  name: 'flow.update_flow',
  kind: 'command',
  etag: true,
  permission: 'flows:manage',
  summary: 'Change a flow; fields that are left out stay',
  http: { method: 'PATCH', path: `${flows}/:flowId` },
  input: z.strictObject({
    ...InFlow,
    name: AgentFields.name.optional(),
    draft: GraphSchema.optional(),
    metadata: Metadata.optional(),
  }),
  output: FlowSchema,
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
  summary: 'Publish the draft as a new version; running runs keep theirs',
  http: { method: 'POST', path: `${flows}/:flowId/publish` },
  input: z.strictObject(InFlow),
  output: FlowVersionSchema,
});

export const validateFlow = defineOperation({
  name: 'flow.validate',
  kind: 'query',
  permission: 'flows:read',
  summary: 'What keeps a graph from being published, as JSON pointers: the one given, else the draft',
  http: { method: 'POST', path: `${flows}/:flowId/validate` },
  input: z.strictObject({ ...InFlow, draft: GraphSchema.optional() }),
  output: z.object({ valid: z.boolean(), errors: z.array(ProblemDetailSchema) }),
});

export const rollBackFlow = defineOperation({
  name: 'flow.roll_back',
  kind: 'command',
  permission: 'flows:manage',
  summary: 'Publish the graph of an earlier version as a new one; the draft stays, running runs keep theirs',
  http: { method: 'POST', path: `${flows}/:flowId/rollback` },
  input: z.strictObject({ ...InFlow, versionNumber: z.int().min(1).max(MAX_INTEGER) }),
  output: FlowVersionSchema,
});

export const testFlow = defineOperation({
  name: 'flow.test',
  kind: 'query',
  permission: 'flows:manage',
  summary:
    'Play the draft: nothing is stored or sent; agents answer from their knowledge bases, without a model',
  http: { method: 'POST', path: `${flows}/:flowId/test` },
  input: z.strictObject({ ...InFlow, messages: TrialMessages, agentId: Id.optional() }),
  output: FlowTrialSchema,
});

export const forkRun = defineOperation({
  name: 'flow.fork_run',
  kind: 'query',
  permission: 'flows:manage',
  summary:
    'Play on from the turn of a run that took a step, with other messages, in its version or the draft: nothing is stored or sent',
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
  summary: 'Published versions, newest first',
  http: { method: 'GET', path: `${flows}/:flowId/versions` },
  input: z.strictObject({ ...InFlow, ...Paging }),
  output: listOf(FlowVersionSchema),
});

export const listStepTypes = defineOperation({
  name: 'flow.list_step_types',
  kind: 'query',
  permission: 'flows:read',
  summary: 'Types of steps a flow can hold',
  http: { method: 'GET', path: '/spaces/:spaceId/step-types' },
  input: z.strictObject(InSpace),
  output: z.object({ data: z.array(StepTypeSchema) }),
});

export const listRuns = defineOperation({
  name: 'flow.list_runs',
  kind: 'query',
  permission: 'runs:read',
  summary: 'Runs, newest first',
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
  summary: 'One run with its trace',
  http: { method: 'GET', path: '/spaces/:spaceId/runs/:runId' },
  input: z.strictObject({ ...InSpace, runId: Id }),
  output: RunSchema,
});

export const createKnowledgeBase = defineOperation({
  name: 'flow.create_knowledge_base',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Create a knowledge base',
  http: { method: 'POST', path: bases, status: 201 },
  input: z.strictObject({ ...InSpace, name: AgentFields.name, metadata: Metadata.optional() }),
  output: KnowledgeBaseSchema,
});

export const listKnowledgeBases = defineOperation({
  name: 'flow.list_knowledge_bases',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'Knowledge bases of a space',
  http: { method: 'GET', path: bases },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(KnowledgeBaseSchema),
});

export const getKnowledgeBase = defineOperation({
  name: 'flow.get_knowledge_base',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'One knowledge base',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId` },
  input: z.strictObject(InBase),
  output: KnowledgeBaseSchema,
});

export const deleteKnowledgeBase = defineOperation({
  name: 'flow.delete_knowledge_base',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Delete a knowledge base and its documents',
  http: { method: 'DELETE', path: `${bases}/:knowledgeBaseId` },
  input: z.strictObject(InBase),
  output: Nothing,
});

export const addDocument = defineOperation({
  name: 'flow.add_document',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Add a document as text, file or URL; reading it goes on in the background',
  // A request has to fit into one message of 8 MiB, its envelope included.
  bodyLimit: DOCUMENT_LIMIT - 256 * 1024,
  files: { file: DOCUMENT_FILE_LIMIT },
  http: { method: 'POST', path: `${bases}/:knowledgeBaseId/documents`, status: 202 },
  input: z.strictObject({
    ...InBase,
    title: shortText(500).optional(),
    mediaType: z.enum(documentMediaTypes).optional(),
    text: z.string().max(DOCUMENT_LIMIT).optional(),
    file: FileInput.optional(),
    /** With text or a file: where it is found. Alone: where it is fetched from. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    metadata: Metadata.optional(),
  }),
  output: DocumentSchema,
});

export const listDocuments = defineOperation({
  name: 'flow.list_documents',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'Documents of a knowledge base, newest first',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId/documents` },
  input: z.strictObject({
    ...InBase,
    ...Paging,
    status: z.enum(['queued', 'ingesting', 'ready', 'failed']).optional(),
  }),
  output: listOf(DocumentSchema),
});

export const getDocument = defineOperation({
  name: 'flow.get_document',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'One document',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId/documents/:documentId` },
  input: z.strictObject({ ...InBase, documentId: Id }),
  output: DocumentSchema,
});

export const deleteDocument = defineOperation({
  name: 'flow.delete_document',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Delete a document and its passages',
  http: { method: 'DELETE', path: `${bases}/:knowledgeBaseId/documents/:documentId` },
  input: z.strictObject({ ...InBase, documentId: Id }),
  output: Nothing,
});

export const searchKnowledge = defineOperation({
  name: 'flow.search_knowledge',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'Passages that fit a question, best first',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId/search` },
  input: z.strictObject({
    ...InBase,
    q: z.string().trim().min(1).max(1000),
    limit: z.coerce.number().int().min(1).max(50).default(10),
  }),
  output: z.object({ data: z.array(SearchHitSchema) }),
});
