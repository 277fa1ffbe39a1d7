import { z } from 'zod';
import { Id } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';
import { AssetSchema } from './types.ts';

export const assetStored = defineEvent({
  name: 'asset.stored',
  summary: 'A file was uploaded and checked',
  data: z.object({
    asset: AssetSchema,
    /** Empty for a file of a direct room, whose participants the conversation knows. Absent where the whole space may see it. */
    audience: z.array(Id).optional(),
  }),
  key: (data) => data.asset.id,
});

export const assetDeleted = defineEvent({
  name: 'asset.deleted',
  summary: 'A file was deleted, on request or because its retention ended',
  data: z.object({
    assetId: Id,
    conversationId: Id.nullable(),
    folderId: Id.nullable(),
    reason: z.enum(['request', 'retention']),
  }),
  key: (data) => data.assetId,
});

export const assetEvents = [assetStored, assetDeleted];
