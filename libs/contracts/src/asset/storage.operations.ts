import { z } from 'zod';
import { Id, InSpace, Metadata, Timestamp } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { AssetSchema, ContentType, FileName, MAX_PARTS, UploadTargetSchema } from './types.ts';

/** How other services store files: begin, send the bytes to S3, complete. */

const OfAsset = { ...InSpace, assetId: Id };

export const beginStorage = defineOperation({
  name: 'asset.begin_storage',
  kind: 'command',
  permission: 'internal',
  secret: true,
  summary: 'Begin to store a file of another service, whole or in parts',
  input: z.strictObject({
    ...InSpace,
    fileName: FileName,
    contentType: ContentType,
    /** Bytes of a file that is sent whole; absent for one that comes in parts. */
    size: z.int().min(1).optional(),
    /** Names from the root of the space; folders that are missing are made. */
    folderPath: z.array(FileName).max(8).default([]),
    conversationId: Id.optional(),
    /** Visitors are not shown it, though it belongs to their conversation. */
    internal: z.boolean().default(true),
    metadata: Metadata.optional(),
  }),
  output: z.object({
    asset: AssetSchema,
    /** Null for a file in parts: see `asset.sign_parts`. */
    upload: UploadTargetSchema.nullable(),
  }),
});

export const signParts = defineOperation({
  name: 'asset.sign_parts',
  kind: 'query',
  permission: 'internal',
  summary: 'Sign addresses for the next parts of a file; sending a part again replaces it',
  input: z.strictObject({
    ...OfAsset,
    /** Number of the first part; a file begins with 1. */
    first: z.int().min(1).max(MAX_PARTS),
    count: z.int().min(1).max(200),
  }),
  output: z.object({
    parts: z.array(z.object({ number: z.int(), url: z.string() })),
    expiresAt: Timestamp,
  }),
});

export const completeStorage = defineOperation({
  name: 'asset.complete_storage',
  kind: 'command',
  permission: 'internal',
  deadlineMs: 60_000,
  summary: 'Complete a file of another service; repeating it returns the same file',
  input: z.strictObject({
    ...OfAsset,
    /** How many parts were sent: one that is missing is an error. Absent for a file that was sent whole. */
    parts: z.int().min(1).max(MAX_PARTS).optional(),
    /** Whoever stored it is gone: the file is what came, up to the first gap, and marked. */
    incomplete: z.boolean().default(false),
  }),
  output: AssetSchema,
});
