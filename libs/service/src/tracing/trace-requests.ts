import { context, SpanKind, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { extractTrace } from './context.ts';

interface RequestSpan {
  readonly span: Span;
  readonly context: Context;
}

/** Continues the trace that an HTTP request carries, or begins one: all that its handling sends is part of it. */
export function traceRequests(fastify: FastifyInstance): void {
  const opened = new WeakMap<FastifyRequest, Span>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const one = startRequestSpan(request);
    opened.set(request, one.span);
    context.with(one.context, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const span = opened.get(request);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    span?.end();
    done();
  });
}

function startRequestSpan(request: FastifyRequest): RequestSpan {
  const { method, headers } = request;
  const route = request.routeOptions.url ?? 'none';
  const parent = extractTrace({ get: (name) => headers[name]?.toString() });
  const attributes = { 'http.request.method': method, 'http.route': route };
  const span = trace
    .getTracer('parley')
    .startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
  return { span, context: trace.setSpan(parent, span) };
}
