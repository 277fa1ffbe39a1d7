import { context, isSpanContextValid, propagation, trace } from '@opentelemetry/api';
import type { Context, TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/** Anything that headers can be read from and written to: a Map, NATS headers, Fetch headers. */
export interface HeaderCarrier {
  get(name: string): string | null | undefined;
  set(name: string, value: string): unknown;
}

type Readable = Pick<HeaderCarrier, 'get'>;
type Writable = Pick<HeaderCarrier, 'set'>;

const getter: TextMapGetter<Readable> = {
  keys: () => ['traceparent', 'tracestate'],
  // NATS answers '' for a header that is not there.
  get: (carrier, key) => carrier.get(key) || undefined,
};
const setter: TextMapSetter<Writable> = { set: (carrier, key, value) => void carrier.set(key, value) };

/** Trace and span id of what runs now, as log fields; nothing outside a recorded trace. */
export function activeTraceIds(): { traceId?: string; spanId?: string } {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  return { traceId: span.traceId, spanId: span.spanId };
}

/** The W3C `traceparent` of what runs now, to be carried in an event or a request. */
export function activeTraceparent(): string | undefined {
  const carrier = new Map<string, string>();
  propagation.inject(context.active(), carrier, setter);
  return carrier.get('traceparent');
}

/** Writes `traceparent` (and `tracestate`) of what runs now onto headers. */
export function injectTrace(carrier: Writable): void {
  propagation.inject(context.active(), carrier, setter);
}

/** The context that headers, or a bare `traceparent`, carry; what runs now where they carry none. */
export function extractTrace(from: Readable | string | undefined): Context {
  if (from === undefined) return context.active();
  const carrier = typeof from === 'string' ? new Map([['traceparent', from]]) : from;
  return propagation.extract(context.active(), carrier, getter);
}
