import { z } from 'zod';
import { Id, InSpace } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { PrincipalSchema } from '../core/principal.ts';

export const findHiddenConversations = defineOperation({
  name: 'conversation.find_hidden',
  kind: 'query',
  permission: 'internal',
  summary: 'List ids of direct-room conversations that a caller may not see',
  input: z.strictObject({ ...InSpace, accountId: Id.nullable() }),
  output: z.object({ conversationIds: z.array(Id) }),
});

export const findVisibleConversations = defineOperation({
  name: 'conversation.find_visible',
  kind: 'query',
  permission: 'internal',
  summary: 'Filter conversations by what a principal may see, on behalf of another service',
  input: z.strictObject({
    ...InSpace,
    principal: PrincipalSchema.omit({ name: true }),
    /** Whether this one is among them; without it the latest ones. */
    conversationId: Id.optional(),
    limit: z.int().min(1).max(200).default(200),
  }),
  output: z.object({ conversationIds: z.array(Id) }),
});
