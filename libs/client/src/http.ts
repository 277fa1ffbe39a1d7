import type { OperationDefinition, OperationOutput, OperationRequest, Problem } from '@parley/contracts';

/** What the client needs of an operation: its place over HTTP. Browser code passes a literal and so bundles no schema. */
export interface HttpRoute {
  http?: { method: string; path: string };
}

/** How a client reaches an installation. */
export interface ClientOptions {
  /** Address of the gateway, without a path: `https://talk.example.com`. */
  baseUrl: string;
  /** Access token, API key or visitor token; a function is asked before each request. */
  token?: string | (() => string | undefined);
  fetch?: typeof fetch;
}

/** An answer that is not a success; `problem` is RFC 9457 problem details. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly problem: Problem;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, problem: Problem, retryAfterSeconds: number | undefined) {
    super(problem.detail);
    this.name = 'HttpProblem';
    this.status = status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The problem's stable word, for example `not_found`. */
  get code(): string {
    return this.problem.code;
  }
}

/** Options of one call. */
export interface CallOptions {
  /** Makes a repeat of a POST act once, for 24 hours. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** A typed client of the HTTP API. */
export interface Client {
  /**
   * Calls an operation; path parameters are taken out of the input, the rest travels as query or body.
   * @throws HttpProblem when the answer is no success.
   */
  call<Definition extends OperationDefinition>(
    operation: Definition,
    input: OperationRequest<Definition>,
    options?: CallOptions,
  ): Promise<OperationOutput<Definition>>;
  /** Calls any path below `/api/v1`. */
  request<Answer>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
}

/** Makes a client. */
export function createClient(options: ClientOptions): Client {
  const request = async <Answer>(
    method: string,
    path: string,
    body?: unknown,
    call: CallOptions = {},
  ): Promise<Answer> => {
    const send = options.fetch ?? fetch;
    const init: RequestInit = { method, headers: headersFor(options, body, call) };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (call.signal) init.signal = call.signal;
    const response = await send(`${options.baseUrl.replace(/\/$/, '')}/api/v1${path}`, init);
    const answer: unknown = await response.json().catch(() => ({}));
    if (!response.ok) throw toHttpProblem(response, answer);
    return answer as Answer;
  };
  return {
    request,
    call: (operation, input, call) => {
      const { method, path, body } = buildRequest(operation, input);
      return request(method, path, body, call);
    },
  };
}

function headersFor(options: ClientOptions, body: unknown, call: CallOptions): Record<string, string> {
  const token = typeof options.token === 'function' ? options.token() : options.token;
  return {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(call.idempotencyKey ? { 'idempotency-key': call.idempotencyKey } : {}),
  };
}

function buildRequest(operation: HttpRoute, input: object): { method: string; path: string; body: unknown } {
  if (!operation.http) throw new Error('This operation is not offered over HTTP.');
  const rest = new Map(Object.entries(input));
  const { method } = operation.http;
  const path = operation.http.path.replaceAll(/:([A-Za-z]+)/g, (_whole, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  if (method !== 'GET' && method !== 'DELETE') return { method, path, body: Object.fromEntries(rest) };
  const query = new URLSearchParams();
  for (const [name, value] of rest) if (value !== undefined) query.set(name, String(value));
  return { method, path: query.size > 0 ? `${path}?${query}` : path, body: undefined };
}

function toHttpProblem(response: Response, answer: unknown): HttpProblem {
  const found = answer as Partial<Problem>;
  const { status } = response;
  const problem: Problem = {
    type: found.type ?? 'about:blank',
    title: found.title ?? response.statusText,
    status,
    detail: found.detail ?? `The server answered ${status}.`,
    code: found.code ?? 'error',
    requestId: found.requestId ?? '',
    ...(found.errors ? { errors: found.errors } : {}),
  };
  const seconds = Number(response.headers.get('retry-after'));
  return new HttpProblem(status, problem, seconds > 0 ? seconds : undefined);
}
