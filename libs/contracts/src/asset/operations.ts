import { z } from 'zod';
import { Id, InSpace, Metadata, EmptyOutput, Paging, QueryFlag, Timestamp } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import {
  AssetSchema,
  assetStatuses,
  ContentType,
  FileName,
  FolderSchema,
  Sha256,
  UploadTargetSchema,
} from './types.ts';

export * from './attachments.operations.ts';
export * from './storage.operations.ts';

const folders = '/spaces/:spaceId/folders';
const assets = '/spaces/:spaceId/assets';
const InFolder = { ...InSpace, folderId: Id };
const OfAsset = { ...InSpace, assetId: Id };

export const createFolder = defineOperation({
  name: 'asset.create_folder',
  kind: 'command',
  permission: 'assets:manage',
  summary: 'Create a folder',
  http: { method: 'POST', path: folders, status: 201 },
  input: z.strictObject({
    ...InSpace,
    name: FileName,
    parentId: Id.nullable().optional(),
    metadata: Metadata.optional(),
  }),
  output: FolderSchema,
});

export const listFolders = defineOperation({
  name: 'asset.list_folders',
  kind: 'query',
  permission: 'assets:read',
  summary: 'List folders of a space: all, those in a folder, or with `root` those at the top',
  http: { method: 'GET', path: folders },
  input: z.strictObject({ ...InSpace, ...Paging, parentId: z.literal('root').or(Id).optional() }),
  output: listOf(FolderSchema),
});

export const getFolder = defineOperation({
  name: 'asset.get_folder',
  kind: 'query',
  permission: 'assets:read',
  summary: 'Get a folder',
  http: { method: 'GET', path: `${folders}/:folderId` },
  input: z.strictObject(InFolder),
  output: FolderSchema,
});

export const updateFolder = defineOperation({
  name: 'asset.update_folder',
  kind: 'command',
  permission: 'assets:manage',
  summary: 'Rename a folder, or move it with its content',
  http: { method: 'PATCH', path: `${folders}/:folderId` },
  input: z.strictObject({
    ...InFolder,
    name: FileName.optional(),
    parentId: Id.nullable().optional(),
    metadata: Metadata.optional(),
  }),
  output: FolderSchema,
});

export const deleteFolder = defineOperation({
  name: 'asset.delete_folder',
  kind: 'command',
  permission: 'assets:manage',
  summary: 'Delete an empty folder',
  http: { method: 'DELETE', path: `${folders}/:folderId` },
  input: z.strictObject(InFolder),
  output: EmptyOutput,
});

export const beginUpload = defineOperation({
  name: 'asset.begin_upload',
  kind: 'command',
  permission: 'assets:write',
  summary: 'Begin an upload and get the address for the bytes; complete it afterwards',
  http: { method: 'POST', path: `${assets}/uploads`, status: 201 },
  visitor: true,
  secret: true,
  input: z.strictObject({
    ...InSpace,
    fileName: FileName,
    contentType: ContentType,
    size: z.int().min(1),
    sha256: Sha256.optional(),
    folderId: Id.optional(),
    /** Whoever takes part in it may see the file; a visitor has to name one of its own. */
    conversationId: Id.optional(),
    metadata: Metadata.optional(),
  }),
  output: z.object({ asset: AssetSchema, upload: UploadTargetSchema }),
});

export const completeUpload = defineOperation({
  name: 'asset.complete_upload',
  kind: 'command',
  permission: 'assets:write',
  summary: 'Complete an upload: Parley checks size, SHA-256 and content type',
  http: { method: 'POST', path: `${assets}/:assetId/complete` },
  visitor: true,
  deadlineMs: 60_000,
  input: z.strictObject(OfAsset),
  output: AssetSchema,
});

export const listAssets = defineOperation({
  name: 'asset.list',
  kind: 'query',
  permission: 'assets:read',
  summary: 'List files of a space, newest first; a visitor must name one of its conversations',
  http: { method: 'GET', path: assets },
  visitor: true,
  input: z.strictObject({
    ...InSpace,
    ...Paging,
    folderId: z.literal('root').or(Id).optional(),
    conversationId: Id.optional(),
    status: z.enum(assetStatuses).optional(),
  }),
  output: listOf(AssetSchema),
});

export const getAsset = defineOperation({
  name: 'asset.get',
  kind: 'query',
  permission: 'assets:read',
  summary: 'Get a file without its bytes',
  http: { method: 'GET', path: `${assets}/:assetId` },
  visitor: true,
  input: z.strictObject(OfAsset),
  output: AssetSchema,
});

export const updateAsset = defineOperation({
  name: 'asset.update',
  kind: 'command',
  permission: 'assets:manage',
  summary: 'Rename a file, or move it to another folder',
  http: { method: 'PATCH', path: `${assets}/:assetId` },
  input: z.strictObject({
    ...OfAsset,
    fileName: FileName.optional(),
    folderId: Id.nullable().optional(),
    metadata: Metadata.optional(),
  }),
  output: AssetSchema,
});

export const deleteAsset = defineOperation({
  name: 'asset.delete',
  kind: 'command',
  permission: 'assets:manage',
  summary: 'Delete a file permanently',
  http: { method: 'DELETE', path: `${assets}/:assetId` },
  input: z.strictObject(OfAsset),
  output: EmptyOutput,
});

export const downloadAsset = defineOperation({
  name: 'asset.download',
  kind: 'query',
  permission: 'assets:read',
  summary: 'Download a file: redirects to a short-lived address that supports ranges',
  http: {
    method: 'GET',
    path: `${assets}/:assetId/download`,
    status: 302,
    statusOf: (output) => ((output as { redirect?: boolean }).redirect === false ? 200 : 302),
  },
  visitor: true,
  input: z.strictObject({
    ...OfAsset,
    /** With `false` the address is told, and not redirected to: for pages that cannot send a credential with an image. */
    redirect: QueryFlag.optional(),
  }),
  output: z.object({ url: z.string(), expiresAt: Timestamp, redirect: z.boolean() }).meta({ id: 'Download' }),
});

export const getRetention = defineOperation({
  name: 'asset.get_retention',
  kind: 'query',
  permission: 'assets:read',
  summary: 'Get the retention of files and the current totals',
  http: { method: 'GET', path: '/spaces/:spaceId/retention' },
  input: z.strictObject(InSpace),
  output: z
    .object({
      retentionDays: z.int().nullable(),
      assets: z.int(),
      bytes: z.int(),
      oldestAt: Timestamp.nullable(),
      /** When the oldest goes; null where files are kept. */
      nextDeletionAt: Timestamp.nullable(),
    })
    .meta({ id: 'Retention' }),
});
