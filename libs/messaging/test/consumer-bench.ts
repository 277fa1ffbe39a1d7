import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { eventSubject, headerNames } from '@parley/contracts';
import type { Database } from '@parley/database';
import { sql } from 'kysely';
import { ParkedRepository } from '../src/dead-letters/parked.repository.ts';
import { Leases } from '../src/leases/leases.ts';
import { LeasesRepository } from '../src/leases/leases.repository.ts';
import { silentLogger } from '../src/logger.ts';
import { ConsumerRepository } from '../src/runner/consumer.repository.ts';
import { ConsumerRunner, type EventHandler } from '../src/runner/consumer-runner.ts';
import type { PositionReporter } from '../src/runner/position-reporter.ts';
import { SuspectGate } from '../src/suspect-gate.ts';
import { Wakers } from '../src/wakers.ts';
import { WorkFinder } from '../src/work-finder/work-finder.ts';
import { WorkFinderRepository } from '../src/work-finder/work-finder.repository.ts';
import { postedEvent } from './bench.ts';

/** An event of a thread; `text` may make its handler misbehave. */
export interface Posted {
  thread: string;
  sequence: number;
  text?: string;
}

/**
 * Counts each thread on and keeps `wrong …` rows for what is not the next one: loss, doubles and order in one figure.
 * A text `throw` throws, `die` ends the process, `freeze:<file>` freezes it once, `slow` takes a
 * while and `slower` longer; `die later` ends the process while others are at work.
 */
export function countingHandler(
  dedupe: EventHandler['dedupe'],
  seen?: (event: Posted) => void,
): EventHandler {
  return {
    definition: postedEvent,
    dedupe,
    handle: async (events, { trx }) => {
      for (const event of events) {
        const { thread, sequence, text = '' } = event.data as Posted;
        const { rows } = await sql<{ last: number }>`
          INSERT INTO thread (id, last_sequence) VALUES (${thread}, 1)
          ON CONFLICT (id) DO UPDATE SET last_sequence = thread.last_sequence + 1 RETURNING last_sequence AS last`.execute(
          trx,
        );
        const last = rows[0]?.last ?? 0;
        if (last !== sequence) {
          const wrong = `wrong ${thread} ${sequence} as ${last}`;
          await sql`INSERT INTO thread (id) VALUES (${wrong}) ON CONFLICT DO NOTHING`.execute(trx);
        }
        await misbehave(text);
        seen?.(event.data as Posted);
      }
    },
  };
}

async function misbehave(text: string): Promise<void> {
  if (text === 'throw') throw new Error('This event cannot be handled.');
  if (text === 'die') process.kill(process.pid, 'SIGKILL');
  if (text === 'slow') await sleep(30);
  if (text === 'slower') await sleep(400);
  if (text === 'die later') await sleep(200).then(() => process.kill(process.pid, 'SIGKILL'));
  if (text.startsWith('freeze:') && !existsSync(text.slice(7))) {
    writeFileSync(text.slice(7), '');
    process.kill(process.pid, 'SIGSTOP');
  }
}

/** A consumer of CONVERSATION over 4 partitions, as one process of a service runs it. */
export interface ConsumerBench {
  runner: ConsumerRunner;
  stop(): Promise<void>;
}

/** What a consumer is made of. */
export interface ConsumerParts {
  nats: NatsConnection;
  database: Database<unknown>;
  runner: Database<unknown>;
}

interface ConsumerOptions {
  consumer?: string;
  reportIntervalMs?: number;
  positions?: PositionReporter;
  wakers?: Wakers;
}

/** Makes a consumer that runs under whatever lease it is given. */
export function makeRunner(
  parts: ConsumerParts,
  handlers: EventHandler[],
  options: ConsumerOptions = {},
): ConsumerRunner {
  const { nats, database } = parts;
  const { consumer = 'counts', ...extra } = options;
  return new ConsumerRunner(
    {
      nats,
      database,
      repository: new ConsumerRepository(parts.runner),
      parked: new ParkedRepository(parts.runner, 'conversation'),
      logger: silentLogger,
      gate: new SuspectGate(),
      wakers: new Wakers(database),
      ...extra,
    },
    {
      id: `${consumer}.CONVERSATION`,
      stream: 'CONVERSATION',
      handlers: new Map(handlers.map((handler) => [handler.definition.name, handler])),
    },
  );
}

/** Starts one over all partitions. */
export function startConsumer(
  parts: ConsumerParts,
  handlers: EventHandler[],
  options: ConsumerOptions = {},
): ConsumerBench {
  const wakers = new Wakers(parts.database);
  const runner = makeRunner(parts, handlers, { wakers, ...options });
  const { consumer = 'counts' } = options;
  const leases = new Leases(new LeasesRepository(parts.runner), silentLogger);
  const finder = new WorkFinder(new WorkFinderRepository(parts.runner), leases, wakers, silentLogger);
  for (let partition = 0; partition < 4; partition += 1)
    leases.runWhileHeld(`consumer.${consumer}.${partition}`, (lease) => runner.run(partition, lease));
  leases.start();
  finder.start();
  return { runner, stop: () => Promise.all([finder.stop(), leases.stop()]).then(() => undefined) };
}

/** Publishes until it is stored, once, however often it takes. */
export async function publish(nats: NatsConnection, event: Posted, spaceId = 'space_a'): Promise<void> {
  const id = `${event.thread}_${event.sequence}`;
  for (;;) {
    const found = headers();
    found.set(headerNames.eventId, id);
    found.set(headerNames.eventType, postedEvent.name);
    try {
      await jetstream(nats, { timeout: 1000 }).publish(
        eventSubject(postedEvent.name, spaceId, event.thread),
        JSON.stringify(event),
        { msgID: id, headers: found, timeout: 1000, retries: 0 },
      );
      return;
    } catch {
      await sleep(50);
    }
  }
}

/** Threads with their counts; `wrong …` rows are what went wrong. */
export async function counts(database: Database<unknown>): Promise<Record<string, number>> {
  const { rows } = await sql<{ id: string; count: number }>`
    SELECT id, last_sequence AS count FROM thread ORDER BY id`.execute(database.kysely);
  return Object.fromEntries(rows.map(({ id, count }) => [id, count]));
}
