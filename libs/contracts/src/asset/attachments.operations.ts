import { z } from 'zod';
import { Id, InSpace } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { PrincipalSchema } from '../core/principal.ts';
import { AssetSchema } from './types.ts';

export const attachAssets = defineOperation({
  name: 'asset.attach',
  kind: 'command',
  permission: 'internal',
  summary: 'Get the files that a message names and make them visible to the visitors of its conversation',
  input: z.strictObject({
    ...InSpace,
    /** Whoever names the files: of those that it may not see nothing is said. */
    principal: PrincipalSchema.omit({ name: true }),
    assetIds: z.array(Id).min(1).max(20),
    conversationId: Id,
    /** Visitors see the message, and so its files; a note of the team shows them nothing. */
    shown: z.boolean(),
  }),
  /** Those that there are and that the principal may see; a file of another space is none. */
  output: z.object({ assets: z.array(AssetSchema) }),
});

export const findVisibleAssets = defineOperation({
  name: 'asset.find_visible',
  kind: 'query',
  permission: 'internal',
  summary: 'Filter files by what a principal may see, on behalf of another service',
  input: z.strictObject({
    ...InSpace,
    principal: PrincipalSchema.omit({ name: true }),
    assetIds: z.array(Id).min(1).max(20),
  }),
  output: z.object({ assets: z.array(AssetSchema) }),
});
