import { quantile } from '../numbers.ts';

/** One step of a message's way, as the spans of its trace show it. */
export interface Hop {
  service: string;
  name: string;
  /** Median of the time between the end of the previous span and the start of this one; negative where they overlap. */
  waitMs: number;
  /** Median of the span's own duration. */
  workMs: number;
}

/** A way that many messages took: from the webhook to a span of the gateway with which the way ends. */
export interface Way {
  count: number;
  hops: Hop[];
}

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

interface Exported {
  resourceSpans: {
    resource?: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: Span[] }[];
  }[];
}

interface Timed {
  id: string;
  parent: string;
  service: string;
  name: string;
  start: number;
  end: number;
}

const GATEWAY = 'channel-gateway';
const WEBHOOK = /^POST .*\/webhooks\//;
/** A way that fewer messages took is left out. */
const LEAST_SHARE = 0.1;

function spansOf(body: string): Timed[] {
  const { resourceSpans } = JSON.parse(body) as Exported;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const named = resource?.attributes.find(({ key }) => key === 'service.name');
    const service = (named?.value.stringValue ?? '').replace(/^parley-/, '');
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        id: `${span.traceId} ${span.spanId}`,
        parent: `${span.traceId} ${span.parentSpanId ?? ''}`,
        service,
        name: span.name,
        start: Number(span.startTimeUnixNano) / 1e6,
        end: Number(span.endTimeUnixNano) / 1e6,
      })),
    );
  });
}

/** The spans from the webhook to this one; empty where the trace did not begin with a webhook. */
function pathTo(last: Timed, byId: ReadonlyMap<string, Timed>): Timed[] {
  const path: Timed[] = [];
  for (let at: Timed | undefined = last; at; at = byId.get(at.parent)) path.unshift(at);
  return path[0] && WEBHOOK.test(path[0].name) ? path : [];
}

/**
 * Ways of messages through the services, the most frequent first. A batch continues the trace of its first event only, so
 * not every message has a whole trace.
 * @param bodies OTLP requests as JSON
 */
export function waysOf(bodies: readonly string[]): Way[] {
  const spans = bodies.flatMap(spansOf);
  const byId = new Map(spans.map((span) => [span.id, span]));
  const continued = new Set(spans.filter(({ service }) => service === GATEWAY).map(({ parent }) => parent));
  const paths = spans
    .filter(({ id, service }) => service === GATEWAY && !continued.has(id))
    .map((span) => pathTo(span, byId))
    .filter((path) => path.length > 1);
  const ways = new Map<string, Timed[][]>();
  for (const path of paths) {
    const key = path.map(({ service, name }) => `${service} ${name}`).join('\n');
    ways.set(key, [...(ways.get(key) ?? []), path]);
  }
  return [...ways.values()]
    .filter((same) => same.length >= paths.length * LEAST_SHARE)
    .sort((left, right) => right.length - left.length)
    .map((same) => ({ count: same.length, hops: hopsOf(same) }));
}

function hopsOf(paths: readonly Timed[][]): Hop[] {
  const [first = []] = paths;
  return first.map(({ service, name }, place) => {
    const at = paths.flatMap((path) => path[place] ?? []);
    const waits = paths.map((path) => (path[place]?.start ?? 0) - (path[place - 1]?.end ?? Number.NaN));
    return {
      service,
      name,
      waitMs: place === 0 ? 0 : quantile(waits, 0.5),
      workMs: quantile(
        at.map(({ start, end }) => end - start),
        0.5,
      ),
    };
  });
}
