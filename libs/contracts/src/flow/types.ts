import { z } from 'zod';
import { CitationSchema } from '../conversation/types.ts';
import { Id, Metadata, Name, ResourceFields, Timestamp } from '../core/common.ts';

/** A language model behind an OpenAI-compatible endpoint. */
export const ModelSchema = z.strictObject({
  provider: z.enum(['openai-compatible']),
  model: z.string().min(1).max(200),
  baseUrl: z.url().max(2000),
  options: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      maxOutputTokens: z.int().min(1).max(100_000).optional(),
      timeoutMs: z.int().min(100).max(120_000).optional(),
    })
    .default({}),
});

const SpeechProviderName = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9-]*$/, 'is not a name such as embedded or openai-compatible');

/** How an agent hears and speaks; what is left out is decided by the installation. */
export const VoiceSchema = z
  .strictObject({
    /** Speech provider that hears: `embedded`, `sherpa`, `openai-compatible`. */
    stt: SpeechProviderName.optional(),
    /** Speech provider that speaks. */
    tts: SpeechProviderName.optional(),
    /** Name of the voice, as its provider calls it. */
    voice: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[\w+.:-]+$/, 'is not the name of a voice')
      .optional(),
    language: z
      .string()
      .max(35)
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'is not a language tag such as en-US')
      .optional(),
    /** 1 is the voice's own pace. */
    speed: z.number().min(0.5).max(2).optional(),
    /** Model that hears, where the provider has several. */
    sttModel: z.string().min(1).max(200).optional(),
    /** Model that speaks, where the provider has several. */
    ttsModel: z.string().min(1).max(200).optional(),
    /** Providers to go on with when one fails in a call, in this order. */
    fallbacks: z.array(SpeechProviderName).max(5).optional(),
  })
  .meta({ id: 'Voice' });

/** How an agent hears and speaks. */
export type VoiceSettings = z.infer<typeof VoiceSchema>;

/** Who answers: instructions, model and knowledge. */
export const AgentSchema = z
  .object({
    id: Id,
    name: z.string(),
    accountId: Id,
    instructions: z.string(),
    greeting: z.string().nullable(),
    model: ModelSchema.nullable(),
    knowledgeBaseIds: z.array(Id),
    tools: z.array(z.string()),
    suggestedQuestions: z.array(z.string()),
    defaultFlowId: Id.nullable(),
    voice: VoiceSchema.nullable(),
    ...ResourceFields,
  })
  .meta({ id: 'Agent' });

/** An agent. */
export type Agent = z.infer<typeof AgentSchema>;

/** What an agent is made of; `modelApiKey` is write-only. */
export const AgentFields = {
  name: Name,
  instructions: z.string().max(20_000),
  greeting: z.string().max(2000).nullable(),
  model: ModelSchema.nullable(),
  modelApiKey: z.string().min(1).max(500).nullable(),
  knowledgeBaseIds: z.array(Id).max(20),
  tools: z.array(z.string().max(100)).max(50),
  suggestedQuestions: z.array(z.string().trim().min(1).max(300)).max(20),
  defaultFlowId: Id.nullable(),
  voice: VoiceSchema.nullable(),
  metadata: Metadata,
};

/** One step of a flow's graph: its type names the registered step, outcomes name the next step's id. */
export const StepSchema = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_-]+$/, 'has other characters than letters, digits, _ and -'),
  type: z.string().min(1).max(64),
  settings: z.record(z.string(), z.json()).default({}),
  outcomes: z.record(z.string().max(64), z.string().max(64)).default({}),
});

/** A flow's graph. */
export const GraphSchema = z
  .strictObject({ start: z.string().max(64), steps: z.array(StepSchema).min(1).max(500) })
  .meta({ id: 'FlowGraph' });

/** A flow's graph. */
export type Graph = z.infer<typeof GraphSchema>;

/** A flow. */
export const FlowSchema = z
  .object({
    id: Id,
    name: z.string(),
    draft: GraphSchema.nullable(),
    publishedVersion: z.int().nullable(),
    generated: z.boolean(),
    ...ResourceFields,
  })
  .meta({ id: 'Flow' });

/** A published, immutable version. */
export const FlowVersionSchema = z
  .object({ flowId: Id, number: z.int(), graph: GraphSchema, createdAt: Timestamp })
  .meta({ id: 'FlowVersion' });

/** Statuses of a run. */
export const runStatuses = ['running', 'waiting', 'handed_off', 'completed', 'failed', 'cancelled'] as const;

/** A run of a flow in a conversation, with its trace. */
export const RunSchema = z
  .object({
    id: Id,
    flowId: Id,
    agentId: Id.nullable(),
    versionNumber: z.int(),
    conversationId: Id,
    status: z.enum(runStatuses),
    variables: z.record(z.string(), z.json()),
    steps: z.array(
      z.object({
        no: z.int(),
        stepId: z.string(),
        type: z.string(),
        input: z.json().nullable(),
        output: z.json().nullable(),
        startedAt: Timestamp,
        durationMs: z.int(),
        cost: z.number().nullable(),
      }),
    ),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Run' });

/** What a flow would do: a dry run that stores nothing and has no effect outside. */
export const FlowTrialSchema = z
  .object({
    flowId: Id,
    /** The published version that ran; null for the draft. */
    versionNumber: z.int().nullable(),
    /** Where it stands after the last turn; what would come after a handoff or the end is not played. */
    status: z.enum(runStatuses),
    failure: z.string().nullable(),
    variables: z.record(z.string(), z.json()),
    turns: z.array(
      z.object({
        /** What the contact says; null for the start. */
        message: z.string().nullable(),
        said: z.array(z.object({ text: z.string(), citations: z.array(CitationSchema) })),
        /** Whether it asks for a person, and why. */
        handoff: z.object({ reason: z.string().nullable() }).nullable(),
        steps: z.array(
          z.object({ no: z.int(), stepId: z.string(), type: z.string(), outcome: z.string().nullable() }),
        ),
      }),
    ),
  })
  .meta({ id: 'FlowTrial' });

/** A dry run of a flow. */
export type FlowTrial = z.infer<typeof FlowTrialSchema>;

/** A type of step, with the JSON Schema of its settings. */
export const StepTypeSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    summary: z.string(),
    outcomes: z.array(z.string()),
    settingsSchema: z.record(z.string(), z.json()),
  })
  .meta({ id: 'StepType' });

/** A collection of documents. */
export const KnowledgeBaseSchema = z
  .object({ id: Id, name: z.string(), documents: z.int(), passages: z.int(), ...ResourceFields })
  .meta({ id: 'KnowledgeBase' });

/** Media types that can be read. */
export const documentMediaTypes = ['text/plain', 'text/markdown', 'text/html'] as const;

/** Largest document as text, in bytes. */
export const DOCUMENT_LIMIT = 8 * 1024 * 1024;

/** Largest document as a file, in bytes: its base64 has to fit into one request. */
export const DOCUMENT_FILE_LIMIT = 5 * 1024 * 1024;

/** A document and how far its reading is. */
export const DocumentSchema = z
  .object({
    id: Id,
    knowledgeBaseId: Id,
    title: z.string(),
    mediaType: z.string(),
    url: z.string().nullable(),
    status: z.enum(['queued', 'ingesting', 'ready', 'failed']),
    reason: z.string().nullable(),
    passages: z.int(),
    bytes: z.int(),
    sha256: z.string(),
    ...ResourceFields,
  })
  .meta({ id: 'Document' });

/** A passage that fits a question. */
export const SearchHitSchema = z
  .object({
    documentId: Id,
    title: z.string(),
    passageId: Id,
    headingPath: z.array(z.string()),
    text: z.string(),
    score: z.number(),
    url: z.string().nullable(),
  })
  .meta({ id: 'SearchHit' });
