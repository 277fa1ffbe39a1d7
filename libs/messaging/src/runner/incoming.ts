import { type EventDefinition, type EventEnvelope, eventByName, headerNames } from '@parley/contracts';
import type { JsMsg } from '@nats-io/jetstream';

/** A message of a stream, decoded as far as its contract allows. */
export interface Incoming {
  /** Sequence in the stream. */
  position: number;
  name: string;
  spaceId: string;
  key: string;
  event: EventEnvelope | null;
  /** Why there is no event, when there should be one. */
  problem: string | null;
  /** The message as text, for what cannot be decoded. */
  text: string;
}

/** Reads a message by its contract; only names that somebody handles are parsed. */
export function decode(message: JsMsg, handled: ReadonlySet<string>): Incoming {
  const [domain, verb, spaceId = '_', keyToken = ''] = message.subject.split('.');
  const name = `${domain}.${verb}`;
  const header = (field: string): string => message.headers?.get(field) ?? '';
  const key = header(headerNames.eventKey) || keyToken;
  const base = { position: message.seq, name, spaceId, key, text: '' };
  if (!handled.has(name)) return { ...base, event: null, problem: null };
  const definition = eventByName(name);
  if (!definition) return { ...base, event: null, problem: `No contract declares ${name}.` };
  const read = parse(message, definition);
  if ('problem' in read)
    return { ...base, event: null, problem: read.problem, text: message.string().slice(0, 10_000) };
  const event: EventEnvelope = {
    id: header(headerNames.eventId) || `${domain}-${message.seq}`,
    name,
    spaceId,
    key,
    sequence: definition.sequence?.(read.data) ?? null,
    time: header(headerNames.eventTime) || message.time.toISOString(),
    data: read.data,
    traceparent: header(headerNames.traceparent) || undefined,
  };
  return { ...base, event, problem: null };
}

function parse(message: JsMsg, definition: EventDefinition): { data: unknown } | { problem: string } {
  let json: unknown;
  try {
    json = message.json();
  } catch {
    return { problem: 'The message is not JSON.' };
  }
  const parsed = definition.data.safeParse(json);
  if (parsed.success) return { data: parsed.data };
  return { problem: `The data does not fit ${definition.name}: ${parsed.error.issues[0]?.message ?? ''}` };
}

/** A run of events of one name, in which the order per key is kept across runs. */
export interface Wave {
  name: string;
  events: EventEnvelope[];
}

/** Groups events into few large waves: the order per key is kept, other events may move past each other. */
export function toWaves(events: readonly EventEnvelope[]): Wave[] {
  const queues = new Map<string, EventEnvelope[]>();
  for (const event of events) {
    const queue = queues.get(event.key);
    if (queue) queue.push(event);
    else queues.set(event.key, [event]);
  }
  const waves: Wave[] = [];
  while (queues.size > 0) waves.push(nextWave(queues));
  return waves;
}

function nextWave(queues: Map<string, EventEnvelope[]>): Wave {
  const counts = new Map<string, number>();
  for (const [first] of queues.values()) if (first) counts.set(first.name, (counts.get(first.name) ?? 0) + 1);
  const [name] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), ['', 0]);
  const taken: EventEnvelope[] = [];
  for (const [key, queue] of queues) {
    const end = queue.findIndex((event) => event.name !== name);
    taken.push(...queue.splice(0, end === -1 ? queue.length : end));
    if (queue.length === 0) queues.delete(key);
  }
  return { name, events: taken };
}
