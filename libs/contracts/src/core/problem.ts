import { z } from 'zod';

/** One bad place in the input: a JSON pointer (RFC 6901) and what to do. */
export const ProblemDetailSchema = z.object({ pointer: z.string(), detail: z.string() });

/** RFC 9457 problem details as Parley sends them (`application/problem+json`). */
export const ProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  requestId: z.string(),
  errors: z.array(ProblemDetailSchema).optional(),
});

/** RFC 9457 problem details. */
export type Problem = z.infer<typeof ProblemSchema>;

/** One bad place in the input. */
export type ProblemDetail = z.infer<typeof ProblemDetailSchema>;

/** What a ProblemError is made of. */
export interface ProblemInit {
  status: number;
  /** Stable machine-readable word, snake_case. */
  code: string;
  /** What is wrong and what to do, for a person. */
  detail: string;
  errors?: ProblemDetail[];
  /** Seconds for the `Retry-After` header (429 and 503). */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An expected failure of an operation; it travels over NATS and HTTP as problem details. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: ProblemDetail[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(init: ProblemInit) {
    super(init.detail, { cause: init.cause });
    this.name = 'ProblemError';
    this.status = init.status;
    this.code = init.code;
    this.errors = init.errors;
    this.retryAfterSeconds = init.retryAfterSeconds;
  }
}

/** HTTP reason phrases used as `title`. */
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Shapes an error as problem details. */
export function toProblem(error: ProblemError, requestId: string): Problem {
  return {
    type: `https://parley.dev/problems/${error.code}`,
    title: titles[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors ? { errors: error.errors } : {}),
  };
}

/** Rebuilds the error from problem details that came over the wire. */
export function fromProblem(problem: Problem, retryAfterSeconds?: number): ProblemError {
  const { status, code, detail, errors } = problem;
  return new ProblemError({ status, code, detail, errors, retryAfterSeconds });
}

/** 400: the request cannot be read or has unknown or wrong fields. */
export const badRequest = (detail: string, errors?: ProblemDetail[]): ProblemError =>
  new ProblemError({ status: 400, code: 'bad_request', detail, errors });

/** 401: the credential is missing, wrong or expired. */
export const unauthorized = (
  detail = 'Send a valid credential as "Authorization: Bearer …".',
): ProblemError => new ProblemError({ status: 401, code: 'unauthorized', detail });

/** 403: known, inside one's own space, but not allowed. */
export const permissionDenied = (detail: string): ProblemError =>
  new ProblemError({ status: 403, code: 'permission_denied', detail });

/** 404: missing, or in a space the caller does not belong to. */
export const notFound = (what: string): ProblemError =>
  new ProblemError({
    status: 404,
    code: 'not_found',
    detail: `${what} does not exist, or is not yours to see.`,
  });

/** 409: the state of the resource forbids it. */
export const conflict = (detail: string, code = 'conflict'): ProblemError =>
  new ProblemError({ status: 409, code, detail });

/** 413: larger than the limit named in the detail. */
export const tooLarge = (detail: string): ProblemError =>
  new ProblemError({ status: 413, code: 'too_large', detail });

/** 422: understood, but impossible. */
export const unprocessable = (
  detail: string,
  code = 'unprocessable',
  errors?: ProblemDetail[],
): ProblemError => new ProblemError({ status: 422, code, detail, errors });

/** 429: the caller is over a limit. */
export const tooManyRequests = (detail: string, retryAfterSeconds: number): ProblemError =>
  new ProblemError({ status: 429, code: 'rate_limited', detail, retryAfterSeconds });

/** 503: nothing was done; safe to repeat. */
export const unavailable = (detail: string, retryAfterSeconds = 1): ProblemError =>
  new ProblemError({ status: 503, code: 'unavailable', detail, retryAfterSeconds });

/** 504: no answer before the deadline; the command may or may not have acted. */
export const outcomeUnknown = (): ProblemError =>
  new ProblemError({
    status: 504,
    code: 'outcome_unknown',
    detail: 'The answer timed out. Repeat the request with the same Idempotency-Key: it acts once.',
  });

/** The answer to input that does not fit its declaration: 413 where a rule says so (`params: { tooLarge: true }`), else 400. */
export function inputProblem(error: z.ZodError, detail: string): ProblemError {
  const large = error.issues.find((issue) => issue.code === 'custom' && issue.params?.['tooLarge'] === true);
  if (large) return tooLarge(`${large.path.join('.') || 'The request'} ${large.message}.`);
  return badRequest(detail, problemDetails(error));
}

/** Shapes the issues of a failed Zod parse as problem details with JSON pointers; each unknown field has its own. */
export function problemDetails(error: z.ZodError): ProblemDetail[] {
  return error.issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({
            pointer: jsonPointer([...issue.path, key]),
            detail: 'is not a known field',
          }))
        : [{ pointer: jsonPointer(issue.path), detail: issue.message }],
    )
    .slice(0, 50);
}

/** A path as a JSON pointer (RFC 6901). */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
