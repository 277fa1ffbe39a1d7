import {
  type EventDefinition,
  type EventEnvelope,
  headerNames,
  keyOfToken,
  spaceOfToken,
} from '@parley/contracts';
import type { JsMsg } from '@nats-io/jetstream';
import { truncate } from '@parley/text';
import { reasonOf } from '../errors.ts';

/** A message of a stream, decoded as far as its contract allows. */
export interface DecodedMessage {
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

/** The declarations of the names that somebody handles. */
export type EventDeclarations = ReadonlyMap<
  string,
  { definition: EventDefinition; concerns?: ((event: EventEnvelope) => boolean) | undefined }
>;

const spacePattern = /^[0-9A-Za-z_]{1,64}$/;
/** What could not be read is kept whole, up to the largest event. */
const TEXT_LIMIT = 1024 * 1024;

/** Reads a message by its contract; only names that somebody handles are parsed, and only what concerns them is an event. */
export function decode(message: JsMsg, declared: EventDeclarations): DecodedMessage {
  const { token, ...place } = parseSubject(message);
  const base = { position: message.seq, ...place, text: '' };
  const declaration = declared.get(place.name);
  if (!declaration) return { ...base, event: null, problem: null };
  const { definition, concerns } = declaration;
  const read = token ? { problem: `The subject holds "${token}".` } : parse(message, definition);
  if ('problem' in read)
    return { ...base, event: null, problem: read.problem, text: truncate(message.string(), TEXT_LIMIT, '') };
  const { data } = read;
  const sequence = definition.sequence?.(data) ?? null;
  const event = { ...place, ...fromHeaders(message), sequence, data };
  return { ...base, event: concerns?.(event) === false ? null : event, problem: null };
}

/** What the subject says: it decides space and partition. `token`: what can be no space or no key. */
function parseSubject(message: JsMsg): { name: string; spaceId: string; key: string; token: string | null } {
  const [domain, verb, spaceToken = '', keyToken = ''] = message.subject.split('.');
  const space = spaceOfToken(spaceToken);
  const known = spacePattern.test(space);
  const key = keyOfToken(keyToken);
  const token = known ? (key === null ? keyToken : null) : space;
  return { name: `${domain}.${verb}`, spaceId: known ? space : '_', key: key ?? keyToken, token };
}

function fromHeaders(message: JsMsg): { id: string; time: string; traceparent: string | undefined } {
  const header = (field: string): string => message.headers?.get(field) ?? '';
  return {
    id: header(headerNames.eventId) || `${message.info.stream}-${message.seq}`,
    time: header(headerNames.eventTime) || message.time.toISOString(),
    traceparent: header(headerNames.traceparent) || undefined,
  };
}

function parse(message: JsMsg, definition: EventDefinition): { data: unknown } | { problem: string } {
  try {
    const parsed = definition.data.safeParse(message.json());
    if (parsed.success) return { data: parsed.data };
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'data';
    return { problem: `It does not fit ${definition.name}: ${where}: ${issue?.message ?? 'invalid'}` };
  } catch (error) {
    return { problem: `It cannot be read as JSON: ${reasonOf(error)}` };
  }
}

/**
 * A parked event as its handler takes it: checked again, since what could not be read then may be readable now.
 * @throws Error when nobody handles it, or it still cannot be read
 */
export function restoreParkedEvent(
  parked: { name: string; content: unknown },
  declared: EventDeclarations,
): EventEnvelope {
  const definition = declared.get(parked.name)?.definition;
  if (!definition) throw new Error(`Nobody handles ${parked.name} here any more.`);
  const event = parked.content as EventEnvelope;
  const unread = typeof event.data === 'string' && event.time === '';
  const data: unknown = definition.data.parse(unread ? JSON.parse(event.data as string) : event.data);
  const sequence = definition.sequence?.(data) ?? null;
  return { ...event, data, sequence, time: event.time || new Date().toISOString() };
}

/** A run of events of one name, in which the order per key is kept across runs. */
export interface EventGroup {
  name: string;
  events: EventEnvelope[];
}

/** Groups events into few large waves: the order per key is kept, other events may move past each other. */
export function groupByName(events: readonly EventEnvelope[]): EventGroup[] {
  const queues = new Map<string, EventEnvelope[]>();
  for (const event of events) {
    const queue = queues.get(event.key);
    if (queue) queue.push(event);
    else queues.set(event.key, [event]);
  }
  const waves: EventGroup[] = [];
  while (queues.size > 0) waves.push(nextGroup(queues));
  return waves;
}

function nextGroup(queues: Map<string, EventEnvelope[]>): EventGroup {
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
