import { z } from 'zod';
import { Id, ResourceFields, Timestamp } from '../core/common.ts';
import { isPlainText, NOT_PLAIN } from '../core/text.ts';

/** States of a file: awaited, checked and there, or kept away from everybody because it is not what was said of it. */
export const assetStatuses = ['pending', 'ready', 'quarantined'] as const;

/** The last part of a path: no separator, no control character, none that turns the order of others, no `.` or `..`. */
export const FileName = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .regex(/^(?!\.{1,2}$)[^/\\\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+$/, 'is no name of a file')
  .refine(isPlainText, NOT_PLAIN);

/** A media type, such as `image/png` or `audio/ogg; codecs=opus`. */
export const ContentType = z
  .string()
  .trim()
  .toLowerCase()
  .max(127)
  .regex(
    /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}(?: ?; ?[a-z0-9-]+=[a-z0-9_."-]+){0,3}$/,
    'is no media type',
  );

/** SHA-256 in lower-case hex. */
export const Sha256 = z
  .string()
  .toLowerCase()
  .regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex');

/** A folder of a space. */
export const FolderSchema = z
  .object({ id: Id, parentId: Id.nullable(), name: z.string(), ...ResourceFields })
  .meta({ id: 'Folder' });

/** A folder of a space. */
export type Folder = z.infer<typeof FolderSchema>;

/** A file of a space. */
export const AssetSchema = z
  .object({
    id: Id,
    folderId: Id.nullable(),
    conversationId: Id.nullable(),
    fileName: z.string(),
    contentType: z.string(),
    /** Bytes; 0 while parts come in, whose number nobody knows yet. */
    size: z.int().min(0),
    /** Of the whole file; null until somebody has said or computed it. */
    sha256: z.string().nullable(),
    status: z.enum(assetStatuses),
    /** Why it is kept away. */
    statusReason: z.string().nullable(),
    /** Visitors are not shown it, though it belongs to their conversation. */
    internal: z.boolean(),
    /** It ends before its time: whoever stored it died on the way. */
    incomplete: z.boolean(),
    ...ResourceFields,
  })
  .meta({ id: 'Asset' });

/** A file of a space. */
export type Asset = z.infer<typeof AssetSchema>;

/** How bytes are sent: one request with exactly these headers, before the address expires. */
export const UploadTargetSchema = z
  .object({
    method: z.literal('PUT'),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    expiresAt: Timestamp,
  })
  .meta({ id: 'UploadTarget' });

/** How bytes are sent. */
export type UploadTarget = z.infer<typeof UploadTargetSchema>;

/** Most parts a file is stored in. */
export const MAX_PARTS = 20_000;
