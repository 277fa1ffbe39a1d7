import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { domainOf, type OperationDefinition } from '../core/operation.ts';
import { ProblemSchema } from '../core/problem.ts';
import { allOperations } from '../registry.ts';
import { describeFields, descriptionOf } from './field-descriptions.ts';
import { fixedPaths } from './fixed-paths.ts';
import { mergeJsonValues } from './json-values.ts';
import { NamedSchemas, pascalCase } from './named-schemas.ts';

/** An OpenAPI 3.1 document as JSON. */
export type OpenApiDocument = ReturnType<typeof createDocument>;

const problems: Readonly<Record<number, string>> = {
  400: 'Invalid or unknown fields; `errors` names each by JSON pointer',
  401: 'The credential is missing, wrong or expired',
  403: 'The credential lacks the permission in its own space',
  404: 'Does not exist, or is in another space',
  409: 'The state does not allow it, or a request with the same Idempotency-Key is in progress',
  413: 'The body is too large',
  415: 'The body is not application/json',
  422: 'Valid but impossible, or the Idempotency-Key was used with another body',
  429: 'Too many requests; see Retry-After',
  503: 'Temporarily unavailable, nothing was done; see Retry-After',
  504: 'The outcome is unknown: repeat with the same Idempotency-Key',
};

const tagTexts: Readonly<Record<string, string>> = {
  identity: 'Accounts, sessions, spaces, members, roles and API keys',
  conversation: 'Rooms, conversations, participants, messages, contacts and search',
  channel: 'Channels and their deliveries',
  flow: 'Agents, flows, runs and knowledge bases',
  notification: 'Rules, inbox, preferences and deliveries',
  asset: 'Files, folders, upload and download',
  visitor: 'Calls of web visitors, without an API key',
  webhook: 'Calls of providers and custom systems',
  system: 'Health and API descriptions',
};

/** The operations that have a place over HTTP, in the order of their declaration. */
export function httpOperations(): OperationDefinition[] {
  return allOperations.filter((operation) => operation.http && operation.permission !== 'internal');
}

/** Describes the whole HTTP API as OpenAPI 3.1, from the operations' declarations. */
export function openApiDocument(): OpenApiDocument {
  const schemas = new NamedSchemas();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of httpOperations()) {
    const { method, path } = operation.http as NonNullable<OperationDefinition['http']>;
    const place = `/api/v1${path.replaceAll(/:([A-Za-z]+)/g, '{$1}')}`;
    paths[place] = { ...paths[place], [method.toLowerCase()]: describe(operation, schemas) };
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Parley API',
      version: '1.0.0',
      summary: 'Conversations over every channel, answered by agents, flows and people.',
      description:
        'JSON with camelCase fields. Ids are opaque. Errors are RFC 9457 problem details. Lists answer `data` and `nextCursor`; pass `nextCursor` back as `cursor` until it is null.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This installation' }],
    tags: Object.entries(tagTexts).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }],
    paths: { ...(paths as ZodOpenApiPathsObject), ...fixedPaths() },
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An access token, an API key (`parley_sk_…`) or a visitor token.',
        },
      },
      responses: Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [
          `Problem${status}`,
          {
            description,
            ...(status === '429' || status === '503'
              ? {
                  headers: {
                    'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' as const } },
                  },
                }
              : {}),
            content: { 'application/problem+json': { schema: Problem } },
          },
        ]),
      ),
    },
  });
  return withFieldDescriptions(mergeJsonValues(document));
}

/** Describes every parameter and every field that a schema leaves without a description. */
function withFieldDescriptions(document: OpenApiDocument): OpenApiDocument {
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {}))
    describeFields(schema, name);
  for (const path of Object.values(document.paths ?? {}))
    for (const operation of Object.values(path as Record<string, DescribedOperation>))
      describeParameters(operation);
  return document;
}

function describeParameters({ operationId = '', parameters = [] }: DescribedOperation): void {
  for (const parameter of parameters) {
    const description = descriptionOf(parameter.name ?? '', operationId);
    if (description) parameter.description ??= description;
  }
}

interface DescribedOperation {
  operationId?: string;
  parameters?: { name?: string; description?: string }[];
}

const Problem = ProblemSchema.meta({ id: 'Problem' });

const IdempotencyKey = z.object({
  'Idempotency-Key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({
      description: 'Makes the request safe to repeat for 24 hours: the same key and body act once.',
      param: { id: 'IdempotencyKey' },
    }),
});

function describe(operation: OperationDefinition, schemas: NamedSchemas): ZodOpenApiOperationObject {
  const { method, status = 200 } = operation.http as NonNullable<OperationDefinition['http']>;
  const { path, rest } = schemas.input(operation);
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const hasFields = Object.keys(rest.shape).length > 0;
  const isOpen = operation.permission === 'public';
  const body = rest.meta({ id: `${pascalCase(operation.name)}Request` });
  return {
    operationId: operation.name.replaceAll('.', '_'),
    tags: [domainOf(operation.name)],
    summary: operation.summary,
    description: permissionText(operation),
    ...(isOpen ? { security: [] } : {}),
    requestParams: {
      ...(Object.keys(path.shape).length > 0 ? { path } : {}),
      ...(!hasBody && hasFields ? { query: rest } : {}),
      ...(method === 'POST' ? { header: IdempotencyKey } : {}),
    },
    ...(hasBody && hasFields
      ? {
          requestBody: {
            required: !rest.safeParse({}).success,
            content: { 'application/json': { schema: body } },
          },
        }
      : {}),
    responses: responsesOf(operation, schemas.output(operation), status),
  };
}

function permissionText(operation: OperationDefinition): string {
  const { permission, visitor } = operation;
  if (permission === 'public') return 'Needs no credential.';
  const needs =
    permission === 'authenticated' ? 'Needs any credential.' : `Needs the permission \`${permission}\`.`;
  return visitor ? `${needs} Visitor tokens reach their own conversations.` : needs;
}

/** An answer without a body of its own. */
const elsewhere = {
  description: 'Redirect to a short-lived address',
  headers: { Location: { description: 'The short-lived address', schema: { type: 'string' as const } } },
};

function responsesOf(
  operation: OperationDefinition,
  output: z.ZodType,
  status: number,
): ZodOpenApiResponsesObject {
  const { method, path } = operation.http as NonNullable<OperationDefinition['http']>;
  const isOpen = operation.permission === 'public';
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const success = { description: 'Success', content: { 'application/json': { schema: output } } };
  const failures = [
    400,
    ...(isOpen ? [] : [401, 403]),
    429,
    ...(path.includes(':') ? [404] : []),
    ...(operation.kind === 'command' ? [409, 422, 504] : []),
    ...(hasBody ? [413, 415] : []),
    503,
  ].sort((left, right) => left - right);
  return {
    [status]: status === 302 ? elsewhere : success,
    ...(status === 302 ? { 200: { ...success, description: 'The address, with `redirect=false`' } } : {}),
    ...(operation.http?.statusOf && status !== 200 && status !== 302
      ? { 200: { ...success, description: 'It already existed' } }
      : {}),
    ...Object.fromEntries(
      failures.map((failure) => [failure, { $ref: `#/components/responses/Problem${failure}` }]),
    ),
  } as ZodOpenApiResponsesObject;
}
