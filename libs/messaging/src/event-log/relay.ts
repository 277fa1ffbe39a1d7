import type { NatsConnection } from '@nats-io/transport-node';
import { Bell } from '../bell.ts';
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

/** Rounds that find something begin at least that far apart: under load what comes meanwhile travels together. */
const MIN_INTERVAL_MS = 8;

/** Acknowledged rows are removed with the next look for others, which comes after this time at the latest. */
const REMOVAL_MS = 100;
const FAILURE_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;

/** How often an idle relay looks whether its stream or bucket is still the one it knows. */
const TARGET_CHECK_MS = 5000;

/** What relays have done, for metrics. */
export interface RelayStats {
  /** Rows acknowledged. */
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

/** Where a shard's rows go: into a bucket, or into its stream. */
interface RelayTarget {
  bucket: BucketWriter | null;
}

/** A shard while its lease is held. */
interface RelayRound {
  shard: string;
  lease: Lease;
  /** Rows that NATS has and that are still in the outbox. */
  acknowledged: number[];
  /** Null until it was looked at, and after a failure. */
  target: RelayTarget | null;
  /** Whether rows may wait that it has not seen. */
  needsLook: boolean;
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
  /** The epoch of each shard's stream or bucket, as PostgreSQL has it. */
  private readonly epochs = new Map<string, string>();

  constructor(parts: RelayParts) {
    this.parts = parts;
    this.publisher = new StreamPublisher(parts.nats);
  }

  /** Works until the lease is lost. A failure stops the shard until its next round; nothing is passed over. */
  async run(shard: string, lease: Lease): Promise<void> {
    const round: RelayRound = { shard, lease, acknowledged: [], target: null, needsLook: true };
    const bell = new Bell();
    const stopListening = this.parts.wakers.listen(`relay.${shard}`, () => {
      round.needsLook = true;
      bell.ring();
    });
    let failures = 0;
    while (!lease.drainSignal.aborted) {
      try {
        const pause = await this.runRound(round);
        failures = 0;
        delete this.stats.errors[shard];
        if (pause > 0) await bell.wait(pause, lease.drainSignal);
      } catch (error) {
        // The stream may be another one now: it is looked at again before anything is sent.
        round.target = null;
        round.needsLook = true;
        this.epochs.delete(shard);
        failures += 1;
        this.reportFailure(shard, error, failures);
        await this.parts.wakers.sleep(
          `relay.${shard}.pause`,
          Math.min(MAX_PAUSE_MS, FAILURE_PAUSE_MS * failures),
          lease.drainSignal,
        );
      }
    }
    stopListening();
    if (round.acknowledged.length > 0)
      await this.parts.outbox.remove(shard, round.acknowledged).catch(() => undefined);
  }

  /** Removes what is acknowledged, publishes what waits; answers how long there is nothing to do. */
  private async runRound(round: RelayRound): Promise<number> {
    const { shard, lease } = round;
    const startedAt = performance.now();
    round.target ??= await this.openTarget(round);
    if (!round.needsLook && round.acknowledged.length === 0) {
      // Nothing waits: what is left to see is whether the stream or bucket is still the same.
      round.target = null;
      return TARGET_CHECK_MS;
    }
    round.needsLook = false;
    const removing = [...round.acknowledged];
    const rows = await this.parts.outbox.nextRows(shard, BATCH_EVENTS, removing);
    round.acknowledged.splice(0, removing.length);
    if (rows.length === 0) return TARGET_CHECK_MS;
    await this.send(round, rows);
    if (rows.length === BATCH_EVENTS || round.acknowledged.length < rows.length) {
      round.needsLook = true;
      return 0;
    }
    await waitByLoad(startedAt, MIN_INTERVAL_MS, lease.drainSignal);
    return REMOVAL_MS;
  }

  private reportFailure(shard: string, error: unknown, failures: number): void {
    this.stats.failures += 1;
    this.stats.errors[shard] = error instanceof Error ? error.message : String(error);
    const level = failures === 1 || failures % 60 === 0 ? 'warn' : 'debug';
    this.parts.logger[level]({ shard, failures, err: error }, 'Relay publish failed, retrying');
  }

  private async openTarget(round: RelayRound): Promise<RelayTarget> {
    const { shard } = round;
    const { nats, outbox, source } = this.parts;
    const name = bucketOf(shard);
    const bucket = name === null ? null : await BucketWriter.open(nats, name);
    const { epoch } = bucket ?? (await streamIdentity(nats, shard));
    if (this.epochs.get(shard) !== epoch) {
      const requeued = await outbox.requeueForNewTarget(shard, epoch, source);
      this.epochs.set(shard, epoch);
      this.stats.requeued += requeued;
      if (requeued > 0) {
        round.needsLook = true;
        this.parts.logger.info({ shard, requeued }, 'Stream or bucket was recreated, republishing');
      }
    }
    return { bucket };
  }

  private async send(round: RelayRound, rows: OutboxRow[]): Promise<void> {
    const { target } = round;
    if (target?.bucket) await this.putAll(round, target.bucket, rows);
    else await this.publishRows(round, rows);
  }

  private async publishRows(round: RelayRound, rows: OutboxRow[]): Promise<void> {
    const { shard, lease } = round;
    const converted = rows.map((row) => toOutgoing(row, this.parts.source));
    for (const [index, one] of converted.entries())
      if (!one) this.acknowledge(round, rows.slice(index, index + 1));
    const outgoing = leadingThatFit(
      converted.filter((one) => one !== undefined),
      BATCH_BYTES,
    );
    if (outgoing.length <= MAX_SINGLES) return this.publishOneByOne(round, outgoing);
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
      return this.publishOneByOne(round, outgoing);
    }
    this.acknowledge(round, outgoing);
  }

  /** One by one, each acknowledged before the next: pipelined ones would change places when one fails. */
  private async publishOneByOne(round: RelayRound, outgoing: OutgoingRow[]): Promise<void> {
    for (const one of outgoing) {
      assertHeld(round.lease);
      const { isDuplicate } = await this.publisher.publishOne(one);
      if (isDuplicate) this.stats.duplicates += 1;
      this.stats.singles += 1;
      this.acknowledge(round, [one]);
    }
  }

  private async putAll(round: RelayRound, bucket: BucketWriter, rows: OutboxRow[]): Promise<void> {
    for (const row of rows) {
      const { key, entry } = row;
      assertHeld(round.lease);
      if (entry?.version !== undefined) await bucket.put(key, { version: entry.version, value: entry.value });
      this.acknowledge(round, [row]);
    }
  }

  private acknowledge({ acknowledged }: RelayRound, rows: readonly { outboxId: number }[]): void {
    for (const { outboxId } of rows) acknowledged.push(outboxId);
    this.stats.published += rows.length;
  }
}

function assertHeld(lease: Lease): void {
  if (!lease.isHeld()) throw new Error(`The lease "${lease.name}" is no longer held here.`);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || /timeout/iu.test(error.message));
}
