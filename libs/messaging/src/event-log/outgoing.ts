import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { eventSubject, headerNames, isRestricted, subjectToken } from '@parley/contracts';
import type { OutboxRow } from './outbox.repository.ts';
import type { OutgoingMessage } from './stream-publisher.ts';

/** An outbox row as it goes out. */
export interface OutgoingRow extends OutgoingMessage {
  outboxId: number;
}

/** Room for subject, headers and framing of one message. */
const OVERHEAD_BYTES = 1024;

/** Shapes an event as CloudEvents 1.0 with binary headers, or a dead letter; undefined when its event was deleted. */
export function toOutgoing(row: OutboxRow, source: string): OutgoingRow | undefined {
  const { outboxId, entry, eventId, name, spaceId, key } = row;
  if (entry?.subject) return deadLetter(outboxId, entry.subject, entry);
  if (!eventId || !name) return undefined;
  return {
    outboxId,
    subject: eventSubject(name, spaceId, key, { restricted: isRestricted(row.data) }),
    payload: JSON.stringify(row.data),
    headers: () => eventHeaders({ ...row, eventId, name }, source),
  };
}

function eventHeaders(row: OutboxRow & { eventId: string; name: string }, source: string): MsgHdrs {
  const { eventId, name, key, sequence, traceparent, occurredAt } = row;
  const found = headers();
  found.set(headerNames.messageId, eventId);
  found.set(headerNames.eventSpecVersion, '1.0');
  found.set(headerNames.eventId, eventId);
  found.set(headerNames.eventType, name);
  found.set(headerNames.eventSource, `/parley/${source}`);
  found.set(headerNames.eventTime, occurredAt.toISOString());
  found.set(headerNames.eventSchema, `/api/v1/asyncapi.json#/components/schemas/${name}`);
  found.set(headerNames.eventKey, subjectToken(key));
  if (sequence !== null) found.set(headerNames.eventSequence, String(sequence));
  if (traceparent) found.set(headerNames.traceparent, traceparent);
  return found;
}

function deadLetter(outboxId: number, subject: string, entry: { id?: string; value?: unknown }): OutgoingRow {
  const fill = (): MsgHdrs => {
    const found = headers();
    if (entry.id) found.set(headerNames.messageId, entry.id);
    return found;
  };
  return { outboxId, subject, payload: JSON.stringify(entry.value ?? null), headers: fill };
}

/** As many leading rows as fit into one batch; at least one. */
export function leadingThatFit(outgoing: readonly OutgoingRow[], maxBytes: number): OutgoingRow[] {
  let bytes = 0;
  const end = outgoing.findIndex(
    (one) => (bytes += Buffer.byteLength(one.payload) + OVERHEAD_BYTES) > maxBytes,
  );
  return outgoing.slice(0, end < 0 ? outgoing.length : Math.max(1, end));
}
