import { context, propagation, trace } from '@opentelemetry/api';

/** The W3C traceparent of the work at hand, or null outside any trace. */
export function currentTraceparent(): string | null {
  if (!trace.getActiveSpan()) return null;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier['traceparent'] ?? null;
}

/** Goes on under a trace that came with a message. */
export function underTrace<Result>(traceparent: string | null | undefined, work: () => Result): Result {
  if (!traceparent) return work();
  return context.with(propagation.extract(context.active(), { traceparent }), work);
}
