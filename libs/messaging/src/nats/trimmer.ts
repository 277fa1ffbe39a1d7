import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { domains, streamName } from '@parley/contracts';
import type { MessagingLogger } from '../logger.ts';
import { positionBucket, type ReportedPosition } from './positions.ts';
import { identityOf } from './streams.ts';

const INTERVAL_MS = 30_000;
const REQUEST_MS = 5000;

/** A stream this full is trimmed. */
const TRIM_ABOVE = 0.7;
/** Down to here, if nobody needs more. */
const TRIM_TO = 0.5;

/** What trimming has come to, for metrics. */
export interface TrimmerStats {
  trimmed: number;
  /** How full each stream is, 0 to 1. */
  full: Record<string, number>;
}

/** Keeps streams from filling up: removes the oldest messages, never one that a consumer has still to read. */
export class Trimmer {
  readonly stats: TrimmerStats = { trimmed: 0, full: {} };
  private readonly nats: NatsConnection;
  private readonly logger: MessagingLogger;

  constructor(nats: NatsConnection, logger: MessagingLogger) {
    this.nats = nats;
    this.logger = logger;
  }

  /** Trims all streams of events, again and again until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.trimAll();
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Trims each stream of events that is full enough; one that cannot be trimmed does not keep the others from it. */
  async trimAll(): Promise<void> {
    for (const stream of domains.map(streamName))
      await this.trim(stream).catch((error: unknown) =>
        this.logger.warn({ stream, err: error }, 'Stream trimming failed'),
      );
  }

  /** Trims one stream if it is full enough; answers how many messages went. */
  async trim(stream: string): Promise<number> {
    const manager = await jetstreamManager(this.nats, { timeout: REQUEST_MS, checkAPI: false });
    const { config, state } = await manager.streams.info(stream);
    const full = config.max_bytes > 0 ? state.bytes / config.max_bytes : 0;
    this.stats.full[stream] = full;
    if (full < TRIM_ABOVE || state.messages === 0) return 0;
    const excess = Math.ceil(state.messages * (1 - TRIM_TO / full));
    const needed = await this.lowestPosition(stream, identityOf(config).epoch);
    const first = Math.min(state.first_seq + excess, needed + 1);
    if (first <= state.first_seq) {
      this.logger.error(
        { stream, full, position: needed },
        'Stream is nearly full, and a consumer has not read its oldest messages. Check that this consumer runs',
      );
      return 0;
    }
    return this.purge(manager, stream, first);
  }

  private async purge(manager: JetStreamManager, stream: string, first: number): Promise<number> {
    const { purged } = await manager.streams.purge(stream, { seq: first });
    this.stats.trimmed += purged;
    this.logger.info({ stream, purged, first }, 'Stream trimmed');
    return purged;
  }

  /** The lowest position of all consumers; one that was told of an older stream counts as 0. */
  private async lowestPosition(stream: string, epoch: string): Promise<number> {
    const bucket = await new Kvm(this.nats).open(positionBucket);
    const keys = await this.positionKeys(stream);
    const positions = await Promise.all(
      keys.map(async (key) => {
        const entry = await bucket.get(key);
        // A consumer that its service took off the board is not waited for.
        if (entry?.operation !== 'PUT') return Number.MAX_SAFE_INTEGER - 1;
        const reported = entry.json<ReportedPosition>();
        return reported.epoch === epoch ? reported.position : 0;
      }),
    );
    return Math.min(Number.MAX_SAFE_INTEGER - 1, ...positions);
  }

  /** By the stream's own list of subjects: no consumer is needed to read it. */
  private async positionKeys(stream: string): Promise<string[]> {
    const prefix = `$KV.${positionBucket}.`;
    const manager = await jetstreamManager(this.nats, { timeout: REQUEST_MS, checkAPI: false });
    const { state } = await manager.streams.info(`KV_${positionBucket}`, {
      subjects_filter: `${prefix}${stream}.>`,
    });
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
  }
}
