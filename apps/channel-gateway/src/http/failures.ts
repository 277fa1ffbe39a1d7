import type { Logger } from '@parley/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const failures = new WeakMap<FastifyRequest, unknown>();

/** Keeps what a request failed with, for the log. */
export function rememberFailure(request: FastifyRequest, error: unknown): void {
  failures.set(request, error);
}

/**
 * Logs every answer of 500 and above with its request id. The route is named, not the path: a path may hold a token.
 * Health checks are left out: what they answer is not a failure of theirs.
 */
export function logFailures(fastify: FastifyInstance, logger: Pick<Logger, 'error' | 'warn'>): void {
  fastify.addHook('onResponse', async (request, reply) => {
    const { statusCode: status } = reply;
    const { method, id: requestId } = request;
    const { url: route } = request.routeOptions;
    if (status < 500 || route === '/readyz') return;
    const about = { requestId, method, route, status, err: failures.get(request) };
    if (status === 500) logger.error(about, 'Request failed');
    else logger.warn(about, 'Request not answered');
  });
}
