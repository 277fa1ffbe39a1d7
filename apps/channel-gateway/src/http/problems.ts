import { ProblemError, toProblem } from '@parley/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { rememberFailure } from './failures.ts';

const codes: Readonly<Record<number, string>> = {
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
};

/** Answers any error as problem details; what was not expected says nothing of its inside. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const known = error instanceof ProblemError ? error : fromFastify(error);
  if (known.status >= 500) rememberFailure(request, error);
  if (known.retryAfterSeconds) void reply.header('retry-after', String(known.retryAfterSeconds));
  if (known.status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply
    .code(known.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(toProblem(known, request.id)));
}

function fromFastify(error: unknown): ProblemError {
  const { statusCode } = error as { statusCode?: number };
  if (statusCode === 413)
    return new ProblemError({ status: 413, code: 'too_large', detail: 'The body is too large.' });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ProblemError({
      status: statusCode,
      code: codes[statusCode] ?? 'bad_request',
      detail: (error as Error).message,
    });
  }
  return new ProblemError({
    status: 500,
    code: 'internal',
    detail: 'An internal error occurred. Try again. If it persists, report the requestId.',
    cause: error,
  });
}

/** 404: no route has this path. */
export function routeNotFound(method: string, path: string): ProblemError {
  return new ProblemError({
    status: 404,
    code: 'not_found',
    detail: `The path ${method} ${path} does not exist.`,
  });
}

/** 405: the path exists, with other methods. */
export function methodNotAllowed(method: string, methods: readonly string[]): ProblemError {
  const detail = `${method} is not possible here. Use ${methods.join(', ')}.`;
  return new ProblemError({ status: 405, code: 'method_not_allowed', detail });
}
