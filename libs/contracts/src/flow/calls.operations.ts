import { z } from 'zod';
import { Id, InSpace } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { AgentSchema } from './types.ts';

export const getCallProfile = defineOperation({
  name: 'flow.get_call_profile',
  kind: 'query',
  permission: 'internal',
  summary: 'Get the voice, language and expected phrases of the responder of a call',
  input: z.strictObject({
    ...InSpace,
    target: z.union([z.strictObject({ agentId: Id }), z.strictObject({ flowId: Id })]).nullable(),
    /** Where its run stands decides which choices there are. */
    conversationId: Id.nullable(),
  }),
  output: z.object({
    agentId: Id.nullable(),
    agentName: z.string(),
    greeting: z.string().nullable(),
    /** What a conversation that begins now is told before its contact says anything. */
    opening: z.array(z.string()).optional(),
    voice: AgentSchema.shape.voice,
    suggestedQuestions: z.array(z.string()),
    /** What the step that waits understands. */
    choices: z.array(z.string()),
    /** Whether a wrong choice costs something: then only a certain match may act. */
    costly: z.boolean(),
  }),
});
