import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { CustomInboundSchema } from '../channel/types.ts';
import { Id } from '../core/common.ts';

const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
const Readiness = z
  .object({
    status: z.enum(['ok', 'degraded']),
    checks: z.record(z.string(), z.enum(['ok', 'degraded', 'off'])),
  })
  .meta({ id: 'Readiness' });
const SessionRequest = z
  .strictObject({ visitorToken: z.string().max(2000).optional(), language: z.string().max(35).optional() })
  .meta({ id: 'VisitorSessionRequest' });
const VisitorSession = z
  .object({
    visitorToken: z.string(),
    spaceId: Id,
    conversationId: Id.nullable(),
    socketUrl: z.string(),
    expiresAt: z.string().meta({ format: 'date-time' }),
    configuration: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'VisitorSession' });

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });
const problem = (status: number) => ({ $ref: `#/components/responses/Problem${status}` });
const inChannel = z.object({ channelId: Id });
const signed = z.object({
  'webhook-id': z.string().meta({ description: 'Id of the delivery; part of the signed text' }),
  'webhook-timestamp': z
    .string()
    .meta({ description: 'Unix time in seconds; at most 5 minutes from the server time' }),
  'webhook-signature': z.string().meta({
    description: '`v1,` and the base64 HMAC-SHA256 over `id.timestamp.body`',
  }),
});

/** What outsiders reach that is no operation: visitors' sessions, webhooks, health and the descriptions. */
export function fixedPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/widget/{channelId}/sessions': {
      post: {
        operationId: 'visitor_open_session',
        tags: ['visitor'],
        summary: 'Open or renew the session of a web visitor',
        description:
          'The channel must allow the `Origin` header. A valid visitor token continues its session.',
        security: [],
        requestParams: { path: inChannel },
        requestBody: { required: false, content: json(SessionRequest) },
        responses: {
          201: { description: 'The session', content: json(VisitorSession) },
          400: problem(400),
          403: problem(403),
          404: problem(404),
          429: problem(429),
          503: problem(503),
        },
      },
    },
    '/api/v1/webhooks/custom/{channelId}': {
      post: {
        operationId: 'webhook_receive_custom',
        tags: ['webhook'],
        summary: 'Send a message to a custom channel',
        description:
          'Signed with the channel’s secret (Standard Webhooks). Repeating a `messageId` has no further effect.',
        security: [],
        requestParams: { path: inChannel, header: signed },
        requestBody: {
          required: true,
          content: json(CustomInboundSchema.meta({ id: 'CustomChannelMessage' })),
        },
        responses: {
          200: { description: 'The channel is not active; the message was dropped' },
          202: { description: 'Stored', content: json(z.object({ messageId: z.string() })) },
          400: problem(400),
          401: problem(401),
          404: problem(404),
          413: problem(413),
          503: problem(503),
        },
      },
    },
    ...systemPaths(),
  } as ZodOpenApiPathsObject;
}

function systemPaths(): Record<string, unknown> {
  const get = (operationId: string, summary: string, responses: Record<number, unknown>) => ({
    get: { operationId: `system_${operationId}`, tags: ['system'], summary, security: [], responses },
  });
  const readiness = { description: 'State of the services', content: json(Readiness) };
  const description = { 200: { description: 'The document', content: json(z.looseObject({})) } };
  const ready = get('readyz', 'Get the readiness of the gateway and of each service', {
    200: readiness,
    503: { ...readiness, description: 'With `all=1`: not every service is ok' },
  });
  const all = z.object({
    all: z.enum(['1']).optional().meta({ description: '`1`: 200 only when every service is ok' }),
  });
  return {
    '/healthz': get('healthz', 'Get whether the gateway is alive', {
      200: { description: 'Alive', content: json(Health) },
    }),
    '/readyz': { get: { ...ready.get, requestParams: { query: all } } },
    '/api/v1/openapi.json': get('openapi', 'Get this API description', description),
    '/api/v1/asyncapi.json': get('asyncapi', 'Get the events and sockets as AsyncAPI 3', description),
  };
}
