import { z } from 'zod';
import { Id } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';
import { CitationSchema, PartSchema } from '../conversation/types.ts';
import { runStatuses } from './types.ts';

const InRun = {
  runId: Id,
  flowId: Id,
  agentId: Id.nullable(),
  conversationId: Id,
  /** The accounts and agents that alone may see it: those of a direct room. Absent where the whole space may. */
  audience: z.array(Id).optional(),
};
/** A message or handoff in place of a run that could not begin, because its agent or flow is gone, names none. */
const InRunIfAny = { ...InRun, runId: Id.nullable(), flowId: Id.nullable() };
const key = (data: { conversationId: string }): string => data.conversationId;

export const runStarted = defineEvent({
  name: 'flow.run_started',
  summary: 'A flow started to run in a conversation',
  data: z.object({ ...InRun, versionNumber: z.int() }),
  key,
});

export const stepCompleted = defineEvent({
  name: 'flow.step_completed',
  summary: 'A step of a run ended with an outcome',
  data: z.object({
    ...InRun,
    no: z.int(),
    stepId: z.string(),
    type: z.string(),
    outcome: z.string().nullable(),
  }),
  key,
});

export const messageProduced = defineEvent({
  name: 'flow.message_produced',
  summary: 'A flow produced a message for its conversation',
  data: z.object({
    ...InRunIfAny,
    messageId: Id,
    attempt: z.int().min(1),
    parts: z.array(PartSchema),
    citations: z.array(CitationSchema),
    /** The message this one answers; null for a greeting. */
    replyTo: Id.nullable(),
    author: z.object({ agentId: Id.nullable(), accountId: Id.nullable(), name: z.string() }),
    /** Whether it opens the conversation: it is not posted behind what it should precede. */
    greeting: z.boolean().optional(),
  }),
  key,
});

export const handoffRequested = defineEvent({
  name: 'flow.handoff_requested',
  summary: 'A flow requested a handoff to a person',
  data: z.object({ ...InRunIfAny, reason: z.string().nullable() }),
  key,
});

export const runFinished = defineEvent({
  name: 'flow.run_finished',
  summary: 'A run ended',
  data: z.object({ ...InRun, status: z.enum(runStatuses), reason: z.string().nullable() }),
  key,
});

/** Agents are known to other services by this fact (participants, names, targets). */
export const agentChanged = defineEvent({
  name: 'flow.agent_changed',
  summary: 'An agent was created, changed or deleted',
  data: z.object({
    agentId: Id,
    accountId: Id,
    name: z.string(),
    /** The flow it runs by default; null until one was made. */
    defaultFlowId: Id.nullish(),
    deleted: z.boolean(),
  }),
  key: (data) => data.agentId,
});

/** Flows are known to other services by this fact (targets). */
export const flowChanged = defineEvent({
  name: 'flow.flow_changed',
  summary: 'A flow was created, published or deleted',
  data: z.object({
    flowId: Id,
    name: z.string(),
    publishedVersion: z.int().nullable(),
    deleted: z.boolean(),
  }),
  key: (data) => data.flowId,
});

export const flowEvents = [
  runStarted,
  stepCompleted,
  messageProduced,
  handoffRequested,
  runFinished,
  agentChanged,
  flowChanged,
];
