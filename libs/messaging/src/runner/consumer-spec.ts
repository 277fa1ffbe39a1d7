import type { NatsConnection } from '@nats-io/transport-node';
import type { EventDefinition, EventEnvelope } from '@parley/contracts';
import type { Database, Trx } from '@parley/database';
import type { ParkedRepository } from '../dead-letters/parked.repository.ts';
import type { MessagingLogger } from '../logger.ts';
import type { SuspectGate } from '../suspect-gate.ts';
import type { Wakers } from '../wakers.ts';
import type { ConsumerRepository } from './consumer.repository.ts';
import type { Dedupe } from './dedupe.ts';
import type { PositionReporter } from './position-reporter.ts';

/** What a handler of events works with. */
export interface EventContext<Tables = unknown> {
  trx: Trx<Tables>;
  /** Aborts when the lease is lost. */
  signal: AbortSignal;
  /** Runs once the batch has committed. */
  afterCommit(callback: () => void): void;
}

/** One handler of a consumer. */
export interface EventHandler {
  definition: EventDefinition;
  dedupe: Dedupe;
  /** Whether the handler has anything to do for an event; without, it has for all. */
  concerns?: ((event: EventEnvelope) => boolean) | undefined;
  handle(events: EventEnvelope[], context: EventContext): Promise<unknown>;
}

/** A consumer of one stream: its handlers by event name. */
export interface ConsumerSpec {
  /** `<consumer>.<stream>`. */
  id: string;
  stream: string;
  handlers: ReadonlyMap<string, EventHandler>;
  /** Batches begin at least that far apart. */
  minIntervalMs?: number | undefined;
}

/** What a runner needs. */
export interface RunnerParts {
  nats: NatsConnection;
  database: Database<unknown>;
  repository: ConsumerRepository;
  parked: ParkedRepository;
  logger: MessagingLogger;
  /** Tells that parked events are to be done again, under `replay.<consumer>`. */
  wakers: Wakers;
  /** One of the process: what may have ended it before is tried again alone. */
  gate: SuspectGate;
  /** Is told how far each partition has come, for the trimming of streams. */
  positions?: PositionReporter;
  /** How often that is told, and a quiet partition moved up; default 30,000 ms. */
  reportIntervalMs?: number;
}

/** What a consumer has done, for metrics. */
export interface RunnerStats {
  /** Events of names that are handled here. */
  events: number;
  batches: number;
  /** Size of the last batch. */
  batchSize: number;
  retries: number;
  parked: number;
  /** Messages of the stream that wait for the partitions held here. */
  lag: number;
}
