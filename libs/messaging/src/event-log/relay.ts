import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { eventSubject, headerNames } from '@parley/contracts';
import type { Lease } from '../leases/leases.ts';
import type { MessagingLogger } from '../logger.ts';
import type { Wakers } from '../wakers.ts';
import type { OutboxRepository, OutboxRow } from './outbox.repository.ts';

const BATCH_EVENTS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;
const SINGLE_LIMIT = 5;
const PUBLISH_TIMEOUT_MS = 1000;
const IDLE_MS = 100;

interface Outgoing {
  outboxId: string;
  subject: string;
  payload: string;
  headers: () => MsgHdrs;
}

/** What relays have done, for metrics. */
export interface RelayStats {
  published: number;
  batches: number;
  failures: number;
}

/** Publishes one shard's outbox in order, under its lease: rows go only after NATS has acknowledged them. */
export class Relay {
  readonly stats: RelayStats = { published: 0, batches: 0, failures: 0 };
  private readonly outbox: OutboxRepository;
  private readonly client: JetStreamClient;
  private readonly wakers: Wakers;
  private readonly logger: MessagingLogger;
  private readonly source: string;

  constructor(parts: {
    outbox: OutboxRepository;
    nats: NatsConnection;
    wakers: Wakers;
    logger: MessagingLogger;
    source: string;
  }) {
    this.outbox = parts.outbox;
    this.client = jetstream(parts.nats, { timeout: PUBLISH_TIMEOUT_MS });
    this.wakers = parts.wakers;
    this.logger = parts.logger;
    this.source = parts.source;
  }

  /** Works until the lease is lost. */
  async run(shard: string, lease: Lease): Promise<void> {
    const bucket = shard.startsWith('kv:') ? await new Kvm(this.client).open(shard.slice(3)) : null;
    while (!lease.signal.aborted) {
      const rows = await this.outbox.next(shard, BATCH_EVENTS);
      if (lease.signal.aborted) return;
      if (rows.length === 0) {
        await this.wakers.sleep(`relay.${shard}`, IDLE_MS, lease.signal);
        continue;
      }
      try {
        await (bucket ? this.putAll(shard, bucket, rows) : this.publishAll(shard, rows));
      } catch (error) {
        this.stats.failures += 1;
        this.logger.warn({ shard, err: error }, 'The relay could not publish and tries again');
        await this.wakers.sleep(`relay.${shard}.pause`, IDLE_MS, lease.signal);
      }
    }
  }

  private async publishAll(shard: string, rows: OutboxRow[]): Promise<void> {
    let outgoing = fitting(rows.map((row) => this.toOutgoing(row)));
    if (outgoing.length <= SINGLE_LIMIT) outgoing = await this.publishSingly(outgoing);
    else await this.publishBatch(outgoing);
    await this.outbox.remove(
      shard,
      outgoing.map(({ outboxId }) => outboxId),
    );
    this.stats.published += outgoing.length;
    this.stats.batches += 1;
  }

  /** A batch is stored whole or not at all; one that is refused (an id known from an earlier try) goes one by one. */
  private async publishBatch(outgoing: Outgoing[]): Promise<void> {
    const [first, ...rest] = outgoing;
    const last = rest.pop();
    if (!first || !last) return;
    try {
      const batch = await this.client.startBatch(first.subject, first.payload, { headers: first.headers() });
      for (const one of rest) batch.add(one.subject, one.payload, { headers: one.headers() });
      await batch.commit(last.subject, last.payload, {
        headers: last.headers(),
        timeout: PUBLISH_TIMEOUT_MS,
      });
    } catch (error) {
      this.logger.debug({ err: error }, 'A batch was refused and goes one by one');
      await this.publishSingly(outgoing);
    }
  }

  private async publishSingly(outgoing: Outgoing[]): Promise<Outgoing[]> {
    for (const one of outgoing) {
      await this.client.publish(one.subject, one.payload, {
        headers: one.headers(),
        timeout: PUBLISH_TIMEOUT_MS,
        retries: 0,
      });
    }
    return outgoing;
  }

  private toOutgoing(row: OutboxRow): Outgoing {
    const { outboxId, eventId, name, spaceId, key, sequence, traceparent, occurredAt, entry } = row;
    if (entry?.subject) return deadLetter(outboxId, entry.subject, entry);
    if (!eventId || !name || !occurredAt) throw new Error(`Outbox row ${outboxId} points to no event.`);
    const fill = (): MsgHdrs => {
      const found = headers();
      found.set(headerNames.messageId, eventId);
      found.set(headerNames.eventSpecVersion, '1.0');
      found.set(headerNames.eventId, eventId);
      found.set(headerNames.eventType, name);
      found.set(headerNames.eventSource, `/parley/${this.source}`);
      found.set(headerNames.eventTime, occurredAt.toISOString());
      found.set(headerNames.eventSchema, `/api/v1/asyncapi.json#/components/schemas/${name}`);
      found.set(headerNames.eventKey, key);
      if (sequence !== null) found.set(headerNames.eventSequence, String(sequence));
      if (traceparent) found.set(headerNames.traceparent, traceparent);
      return found;
    };
    return {
      outboxId,
      subject: eventSubject(name, spaceId, key),
      payload: JSON.stringify(row.data),
      headers: fill,
    };
  }

  private async putAll(shard: string, bucket: KV, rows: OutboxRow[]): Promise<void> {
    for (const row of rows) {
      if (row.entry?.version !== undefined)
        await putEntry(bucket, row.key, { version: row.entry.version, value: row.entry.value });
      await this.outbox.remove(shard, [row.outboxId]);
      this.stats.published += 1;
    }
  }
}

function deadLetter(outboxId: string, subject: string, entry: { id?: string; value?: unknown }): Outgoing {
  const fill = (): MsgHdrs => {
    const found = headers();
    if (entry.id) found.set(headerNames.messageId, entry.id);
    return found;
  };
  return { outboxId, subject, payload: JSON.stringify(entry.value ?? null), headers: fill };
}

/** Compare-and-set on the revision, never a lower version. */
async function putEntry(bucket: KV, key: string, entry: { version: number; value: unknown }): Promise<void> {
  const current = await bucket.get(key);
  const known = current ? current.json<{ version: number }>().version : -1;
  if (known >= entry.version) return;
  const text = JSON.stringify(entry);
  if (current) await bucket.update(key, text, current.revision);
  else await bucket.create(key, text);
}

function fitting(outgoing: Outgoing[]): Outgoing[] {
  let bytes = 0;
  const end = outgoing.findIndex((one) => (bytes += Buffer.byteLength(one.payload) + 700) > BATCH_BYTES);
  return end > 0 ? outgoing.slice(0, end) : outgoing;
}
