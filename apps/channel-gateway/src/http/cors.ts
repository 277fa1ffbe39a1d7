import { originMatches } from '@parley/contracts';
import type { FastifyInstance } from 'fastify';

const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = 'authorization, content-type, idempotency-key, if-match, traceparent';
const EXPOSED_HEADERS = 'etag, idempotency-replayed, location, retry-after, x-request-id';
const PREFLIGHT_SECONDS = 600;

/** Paths that have rules of their own: the widget's sessions follow each channel's origins, providers are no pages. */
const OWN_RULES = /^\/api\/v1\/(?:widget|webhooks)\//;

/**
 * Lets pages of the listed origins use the API with a bearer credential. Cookies play no part, so that
 * `Access-Control-Allow-Credentials` is never sent. Without origins nothing is answered to pages of others.
 */
export function allowOrigins(fastify: FastifyInstance, listed: readonly string[]): void {
  if (listed.length === 0) return;
  fastify.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (!request.url.startsWith('/api/v1/') || OWN_RULES.test(request.url)) return;
    // Descriptions of the API are for everybody, whatever their origin is.
    if (request.routeOptions.url?.endsWith('.json')) return;
    void reply.header('vary', 'origin');
    if (origin === undefined || !listed.some((one) => originMatches(one, origin))) return;
    void reply.header('access-control-allow-origin', origin);
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      await reply
        .code(204)
        .header('access-control-allow-methods', METHODS)
        .header('access-control-allow-headers', REQUEST_HEADERS)
        .header('access-control-max-age', String(PREFLIGHT_SECONDS))
        .send();
    } else void reply.header('access-control-expose-headers', EXPOSED_HEADERS);
  });
}
