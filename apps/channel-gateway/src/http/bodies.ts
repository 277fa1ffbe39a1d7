import { ProblemError } from '@parley/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Bodies stay raw: webhooks are signed over their bytes, and operations read JSON by their own rules. What is not UTF-8 as
 * it stands is refused: a packed body would be read unpacked, and another charset as wrong letters.
 */
export function readRawBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const refusal = refusalOf(request);
    if (refusal) done(refusal);
    else done(null, body);
  });
}

function refusalOf({ headers }: FastifyRequest): ProblemError | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity')
    return unsupported('The body has a Content-Encoding. Send it as it is, without compression.');
  const charset = charsetOf(headers['content-type'] ?? '');
  if (charset !== null && charset !== 'utf-8' && charset !== 'utf8')
    return unsupported('The body has another charset than UTF-8. Send it in UTF-8.');
  return null;
}

function charsetOf(contentType: string): string | null {
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType) ?? [];
  return charset?.toLowerCase() ?? null;
}

function unsupported(detail: string): ProblemError {
  return new ProblemError({ status: 415, code: 'unsupported_media_type', detail });
}
