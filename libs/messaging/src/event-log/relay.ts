import type { NatsConnection } from '@nats-io/transport-node';
import type { Lease } from '../leases/lease.ts';
import type { MessagingLogger } from '../logger.ts';
import { streamIdentity } from '../nats/streams.ts';
import type { Wakers } from '../wakers.ts';
import { BucketWriter } from './bucket-writer.ts';
import { waitByLoad } from '../pacing.ts';
import { bucketOf } from './event-log.repository.ts';
import type { OutboxRepository, OutboxRow } from './outbox.repository.ts';
import { leadingThatFit, type OutgoingRow, toOutgoing } from './outgoing.ts';
import { PublishRejectedError, StreamPublisher } from './stream-publisher.ts';

const BATCH_EVENTS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Up to here single publishes are as fast as a batch, and one known id harms nobody else. */
const MAX_SINGLES = 5;
const BUSY_MS = 5;

/** Rounds that find something begin at least that far apart: under load what comes meanwhile travels together. */
const MIN_INTERVAL_MS = 8;

/** Longest pause of an idle relay: commits of this process and of others wake it. */
const IDLE_MS = 2000;
const FAILURE_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;

/** How often an idle relay looks whether its stream or bucket is still the one it knows. */
const TARGET_CHECK_MS = 5000;

/** What relays have done, for metrics. */
export interface RelayStats {
  /** Rows acknowledged and removed. */
  published: number;
  batches: number;
  singles: number;
  /** Publishes the stream knew already. */
  duplicates: number;
  /** Batches refused or without answer, sent one by one then. */
  fallbacks: number;
  failures: number;
  /** Events queued again because their stream was new and empty. */
  requeued: number;
  /** What the last failure of each shard said, until it publishes again. */
  errors: Record<string, string>;
}

/** What a relay works with. */
export interface RelayParts {
  outbox: OutboxRepository;
  nats: NatsConnection;
  wakers: Wakers;
  logger: MessagingLogger;
  /** Name of the service, for `ce-source`. */
  source: string;
}

/** Publishes one shard's outbox in order, under its lease: rows go only after NATS has acknowledged them. */
export class Relay {
  readonly stats: RelayStats = {
    published: 0,
    batches: 0,
    singles: 0,
    duplicates: 0,
    fallbacks: 0,
    failures: 0,
    requeued: 0,
    errors: {},
  };
  private readonly parts: RelayParts;
  private readonly publisher: StreamPublisher;

  constructor(parts: RelayParts) {
    this.parts = parts;
    this.publisher = new StreamPublisher(parts.nats);
  }

  /** Works until the lease is lost. A failure stops the shard until its next round; nothing is passed over. */
  async run(shard: string, lease: Lease): Promise<void> {
    let send: ((rows: OutboxRow[]) => Promise<void>) | null = null;
    let pause = BUSY_MS;
    let failures = 0;
    let checkedAt = 0;
    while (!lease.drainSignal.aborted) {
      try {
        // After a failure the stream may be another one: it is looked at again before anything is sent.
        const startedAt = performance.now();
        if (!send) checkedAt = startedAt;
        send ??= await this.openTarget(shard, lease);
        const rows = await this.parts.outbox.nextRows(shard, BATCH_EVENTS);
        if (rows.length > 0) await send(rows);
        else if (startedAt - checkedAt > TARGET_CHECK_MS) send = null;
        failures = 0;
        delete this.stats.errors[shard];
        pause = rows.length > 0 ? BUSY_MS : Math.min(IDLE_MS, pause * 2);
        if (rows.length === BATCH_EVENTS) continue;
        if (rows.length > 0) await waitByLoad(startedAt, MIN_INTERVAL_MS, lease.drainSignal);
        await this.parts.wakers.sleep(`relay.${shard}`, pause, lease.drainSignal);
      } catch (error) {
        send = null;
        failures += 1;
        this.reportFailure(shard, error, failures);
        await this.parts.wakers.sleep(
          `relay.${shard}.pause`,
          Math.min(MAX_PAUSE_MS, FAILURE_PAUSE_MS * failures),
          lease.drainSignal,
        );
      }
    }
  }

  private reportFailure(shard: string, error: unknown, failures: number): void {
    this.stats.failures += 1;
    this.stats.errors[shard] = error instanceof Error ? error.message : String(error);
    const level = failures === 1 || failures % 60 === 0 ? 'warn' : 'debug';
    this.parts.logger[level]({ shard, failures, err: error }, 'Relay publish failed, retrying');
  }

  private async openTarget(shard: string, lease: Lease): Promise<(rows: OutboxRow[]) => Promise<void>> {
    const { nats, outbox, source } = this.parts;
    const name = bucketOf(shard);
    const bucket = name === null ? null : await BucketWriter.open(nats, name);
    const { epoch } = bucket ?? (await streamIdentity(nats, shard));
    const requeued = await outbox.requeueForNewTarget(shard, epoch, source);
    this.stats.requeued += requeued;
    if (requeued > 0)
      this.parts.logger.info({ shard, requeued }, 'Stream or bucket was recreated, republishing');
    return (rows) =>
      bucket ? this.putAll(shard, bucket, rows, lease) : this.publishRows(shard, rows, lease);
  }

  private async publishRows(shard: string, rows: OutboxRow[], lease: Lease): Promise<void> {
    const converted = rows.map((row) => toOutgoing(row, this.parts.source));
    const deleted = rows.filter((_row, index) => converted[index] === undefined);
    if (deleted.length > 0) await this.remove(shard, deleted);
    const outgoing = leadingThatFit(
      converted.filter((one) => one !== undefined),
      BATCH_BYTES,
    );
    if (outgoing.length <= MAX_SINGLES) return this.publishOneByOne(shard, outgoing, lease);
    try {
      assertHeld(lease);
      await this.publisher.publishBatch(outgoing);
      this.stats.batches += 1;
    } catch (error) {
      // One known id refuses a whole batch, and without an answer it may be stored: singles find out.
      if (!(error instanceof PublishRejectedError) && !isTimeout(error)) throw error;
      this.stats.fallbacks += 1;
      this.parts.logger.debug(
        { shard, err: error },
        'Publish batch was not acknowledged, publishing one by one',
      );
      return this.publishOneByOne(shard, outgoing, lease);
    }
    await this.remove(shard, outgoing);
  }

  /** One by one, each acknowledged before the next: pipelined ones would change places when one fails. */
  private async publishOneByOne(shard: string, outgoing: OutgoingRow[], lease: Lease): Promise<void> {
    const done: OutgoingRow[] = [];
    try {
      for (const one of outgoing) {
        assertHeld(lease);
        const { isDuplicate } = await this.publisher.publishOne(one);
        if (isDuplicate) this.stats.duplicates += 1;
        this.stats.singles += 1;
        done.push(one);
      }
    } finally {
      if (done.length > 0) await this.remove(shard, done);
    }
  }

  private async remove(shard: string, outgoing: readonly { outboxId: number }[]): Promise<void> {
    await this.parts.outbox.remove(
      shard,
      outgoing.map(({ outboxId }) => outboxId),
    );
    this.stats.published += outgoing.length;
  }

  private async putAll(shard: string, bucket: BucketWriter, rows: OutboxRow[], lease: Lease): Promise<void> {
    for (const { outboxId, key, entry } of rows) {
      assertHeld(lease);
      if (entry?.version !== undefined) await bucket.put(key, { version: entry.version, value: entry.value });
      await this.parts.outbox.remove(shard, [outboxId]);
      this.stats.published += 1;
    }
  }
}

function assertHeld(lease: Lease): void {
  if (!lease.isHeld()) throw new Error(`The lease "${lease.name}" is no longer held here.`);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || /timeout/iu.test(error.message));
}
