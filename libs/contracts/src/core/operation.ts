import { z } from 'zod';
import type { Permission } from './permissions.ts';
import { cleanedText } from './text.ts';

/** HTTP methods an operation may use. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Where an operation is found over HTTP, below `/api/v1`; `:name` marks a path parameter. */
export interface HttpBinding {
  method: HttpMethod;
  path: string;
  /** Success status; default 200. */
  status?: number;
  /** The output may carry its own status under this function (for example 200 for an existing direct room). */
  statusOf?: (output: unknown) => number;
}

/** Who may call: a permission in the space, anybody, anybody signed in, or only services. */
export type OperationPermission = Permission | 'public' | 'authenticated' | 'internal';

/** What an API caller can ask; HTTP route, OpenAPI, client and permission check derive from it. */
export interface OperationDefinition<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> {
  /** `<domain>.<verb>`; the domain names the owner. */
  readonly name: Name;
  readonly kind: 'command' | 'query';
  readonly http?: HttpBinding;
  readonly permission: OperationPermission;
  readonly summary: string;
  /** Flat: path parameters, then query (GET, DELETE) or body (POST, PUT, PATCH). */
  readonly input: Input;
  readonly output: Output;
  /** The answer holds a secret: what is stored for repeats is encrypted and short-lived. */
  readonly secret?: boolean;
  /** Milliseconds until the caller gives up; default 10,000. */
  readonly deadlineMs?: number;
  /** Largest body in bytes; default 1 MiB. */
  readonly bodyLimit?: number;
  /** Fields that multipart/form-data may carry as a file of at most so many bytes; the input takes them as `FileInput`. */
  readonly files?: Readonly<Record<string, number>>;
  /** Visitors (widget sessions) may call it; the owner narrows it to their own conversations. */
  readonly visitor?: boolean;
  /** Over HTTP the answer carries an `ETag`, and `If-Match` guards a command (RFC 9110 §13.1.1). */
  readonly etag?: boolean;
}

/** A file of a multipart request, as it reaches the handler: bytes in base64. */
export const FileInput = z.strictObject({
  name: cleanedText(500),
  mediaType: z.string().max(200),
  base64: z.base64(),
});

/** What a handler receives. */
export type OperationInput<Definition extends OperationDefinition> = z.output<Definition['input']>;

/** What a caller sends. */
export type OperationRequest<Definition extends OperationDefinition> = z.input<Definition['input']>;

/** What a handler returns and a caller gets. */
export type OperationOutput<Definition extends OperationDefinition> = z.output<Definition['output']>;

/** Declares an operation: returns its argument, only to infer types. */
export function defineOperation<Name extends string, Input extends z.ZodObject, Output extends z.ZodType>(
  definition: OperationDefinition<Name, Input, Output>,
): OperationDefinition<Name, Input, Output> {
  return definition;
}

/** The domain (owner) of an operation or event: the part before the first dot. */
export function domainOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}

/** The path parameters of an HTTP binding, in order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/:([A-Za-z]+)/g)].map((match) => match[1] ?? '');
}

/** Shape of a list's answer. */
export function listOf<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ data: z.ZodArray<Item>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() });
}
