import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Span } from '@opentelemetry/api';

import { extractTrace } from './context.ts';
import type { HeaderCarrier } from './context.ts';

/** What `withSpan` needs to know beside the work. `parent`: headers or a `traceparent` the work continues. */
export interface SpanOptions {
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly parent?: Pick<HeaderCarrier, 'get'> | string;
  readonly attributes?: Attributes;
}

/** A started tracing pipeline; `stop` flushes what is not yet exported. */
export interface Tracing {
  stop(): Promise<void>;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/**
 * Runs work inside a span, which ends with it and records its error. Without a collector the span is not recorded but
 * the trace that came in still goes on: its `traceparent` reaches whatever the work sends.
 */
export function withSpan<R>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<R>,
): Promise<R> {
  const parent = extractTrace(options.parent);
  const kind = KINDS[options.kind ?? 'internal'];
  const span = trace.getTracer('parley').startSpan(name, { kind, attributes: options.attributes }, parent);
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * Starts tracing for this process. The W3C propagator and the async context are always on; the SDK and the OTLP
 * exporter are loaded only when there is a collector to export to.
 */
export async function startTracing(service: string, endpoint: string | undefined): Promise<Tracing> {
  const [{ AsyncLocalStorageContextManager }, { W3CTraceContextPropagator }] = await Promise.all([
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/core'),
  ]);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  if (endpoint === undefined) return { stop: () => Promise.resolve() };
  return startExport(service, endpoint);
}

/** Whether spans made now would be recorded. */
export function isExporting(): boolean {
  return trace.getTracer('parley').startSpan('probe').isRecording();
}

async function startExport(service: string, endpoint: string): Promise<Tracing> {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `parley-${service}` }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  trace.setGlobalTracerProvider(provider);
  return { stop: () => provider.shutdown() };
}
