import type { FastifyInstance } from 'fastify';
import type { GatewayConfig } from '../config.ts';

/** For answers that are no pages: nothing in them is run, and no page frames them. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";
/** A year. */
const HSTS = 'max-age=31536000';

/** Headers of every answer; routes may set stricter ones of their own. */
export function addHeaders(
  fastify: FastifyInstance,
  { PUBLIC_URL }: Pick<GatewayConfig, 'PUBLIC_URL'>,
): void {
  const isHttps = PUBLIC_URL !== undefined && new URL(PUBLIC_URL).protocol === 'https:';
  fastify.addHook('onSend', async (request, reply) => {
    void reply
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .header('x-frame-options', 'DENY')
      .header('referrer-policy', 'strict-origin-when-cross-origin');
    if (!reply.hasHeader('content-security-policy')) void reply.header('content-security-policy', NO_PAGE);
    if (isHttps) void reply.header('strict-transport-security', HSTS);
  });
}
