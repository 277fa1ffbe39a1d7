import { z } from 'zod';
import { shortText } from './text.ts';

/** An opaque id in a path, query or body. */
export const Id = z
  .string()
  .min(3)
  .max(64)
  .regex(/^[a-z]+_[0-9a-zA-Z]+$/, 'is not an id of Parley');

/** RFC 3339 time in UTC. */
export const Timestamp = z.string().meta({ format: 'date-time' });

/** The largest value of a column of type integer. */
export const MAX_INTEGER = 2_147_483_647;

/** Free data of the caller, at most 16 KB as JSON. */
export const Metadata = freeData();

/** What is known of somebody, at most 16 KB as JSON. */
export const Attributes = freeData();

function freeData() {
  return z
    .record(z.string().max(128), z.json())
    .refine((value) => JSON.stringify(value).length <= 16_384, 'is larger than 16 KB');
}

/** A short name for people. */
export const Name = shortText(200);

/** Query parameters of every list. */
export const Paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
};

/** Fields that every resource carries. */
export const ResourceFields = { createdAt: Timestamp, updatedAt: Timestamp, metadata: Metadata };

/** The path parameter of everything that lies below a space. */
export const InSpace = { spaceId: Id };

/** A yes/no query parameter. */
export const QueryFlag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** The answer of an operation that has nothing to say. */
export const EmptyOutput = z.object({});
