import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsConnection, connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { defineEvent, type EventDefinition } from '@parley/contracts';
import { createDatabase, type Database, migrate } from '@parley/database';
import {
  createTestDatabase,
  findNatsServer,
  freePort,
  type ServerProcess,
  startNatsServer,
  type TestDatabase,
} from '@parley/testing';
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { z } from 'zod';
import { createMechanismMigrations, type MechanismOptions } from '../src/mechanism/mechanism.migration.ts';
import { streamConfig } from '../src/nats/streams.ts';

/** A counter per key: stands for the conversation whose events are in order. */
const threadMigrations: Record<string, Migration> = {
  '0001-thread': {
    up: async (db: Kysely<unknown>) => {
      await sql`CREATE TABLE thread (id text PRIMARY KEY, last_sequence bigint NOT NULL DEFAULT 0)`.execute(
        db,
      );
    },
  },
};

/** An event with key and sequence. */
export const postedEvent: EventDefinition = defineEvent({
  name: 'conversation.posted',
  summary: 'Something was posted',
  data: z.object({ thread: z.string(), sequence: z.int(), text: z.string().default('') }),
  key: (data) => data.thread,
  sequence: (data) => data.sequence,
});

/** A schema of its own with the mechanism tables, and both roles. */
export interface MechanismBench {
  database: Database<unknown>;
  runner: Database<unknown>;
  serviceUrl: string;
  runnerUrl: string;
  /** A pool of the owner of all tables. */
  owner(): Database<unknown>;
  /** Another pool of the runner role, as another process has; `options` are those of a PostgreSQL command line. */
  anotherRunner(options?: string): Database<unknown>;
  /** Writes down that a holder with this epoch has these leases. */
  grant(names: readonly string[], epoch: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a bench; close it in afterAll.
 * @param given an empty database; by default one of the shared server
 */
export async function openMechanismBench(
  options: MechanismOptions = {},
  given?: TestDatabase,
): Promise<MechanismBench> {
  const server = given ?? (await createTestDatabase());
  const serviceUrl = server.urlFor('parley_conversation');
  const runnerUrl = server.urlFor('parley_conversation_runner');
  const migrations = [createMechanismMigrations(options), threadMigrations];
  await migrate({ ownerUrl: server.ownerUrl, serviceUrl, runnerUrl, domain: 'conversation', migrations });
  const pools: Database<unknown>[] = [];
  const open = (url: string, poolSize: number): Database<unknown> => {
    const pool = createDatabase<unknown>({ url, applicationName: 'spec', poolSize });
    pools.push(pool);
    return pool;
  };
  const runner = open(runnerUrl, 8);
  return {
    database: open(serviceUrl, 24),
    runner,
    grant: async (names, epoch) => {
      await sql`
        INSERT INTO lease (name, holder, epoch, until)
        SELECT name, 'spec', ${epoch}, clock_timestamp() + interval '1 hour' FROM unnest(${[...names]}::text[]) AS name
        ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch`.execute(runner.kysely);
    },
    serviceUrl,
    runnerUrl,
    anotherRunner: (given = '') => open(withOptions(runnerUrl, given), 4),
    owner: () => open(withOptions(server.ownerUrl, '-c search_path=conversation'), 4),
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
      await server.drop();
    },
  };
}

function withOptions(url: string, given: string): string {
  return given ? `${url}?options=${encodeURIComponent(given)}` : url;
}

/** A nats-server of one's own that can be killed and started again on its data. */
export interface NatsBench {
  readonly url: string;
  connect(): Promise<NatsConnection>;
  /** kill -9 */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Holds it still for so many milliseconds. */
  freeze(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a nats-server with the stream CONVERSATION. */
export async function openNatsBench(): Promise<NatsBench> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-nats-'));
  const port = await freePort();
  const program = await findNatsServer();
  const config = `host: "127.0.0.1"\nport: ${port}\nmax_payload: 8MB\njetstream { store_dir: ${JSON.stringify(folder)}, sync_interval: always }\n`;
  const connections: NatsConnection[] = [];
  let server: ServerProcess;
  const start = async (): Promise<void> => {
    server = await startNatsServer({ program, configFile: `${folder}.conf`, config, port });
  };
  await start();
  const open = async (): Promise<NatsConnection> => {
    const nats = await connect({
      servers: `127.0.0.1:${port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      waitOnFirstConnect: true,
    });
    connections.push(nats);
    return nats;
  };
  await createStream(await open());
  return {
    url: `nats://127.0.0.1:${port}`,
    connect: open,
    kill: () => server.stop('SIGKILL'),
    start,
    freeze: async (milliseconds) => {
      process.kill(server.pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      process.kill(server.pid, 'SIGCONT');
    },
    close: async () => {
      await Promise.all(connections.map((nats) => nats.close()));
      await server.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      rmSync(`${folder}.conf`, { force: true });
    },
  };
}

/** Makes the stream CONVERSATION with an epoch of its own. */
export async function createStream(nats: NatsConnection, epoch = 'first'): Promise<void> {
  const manager = await jetstreamManager(nats);
  const metadata = { 'parley.epoch': epoch, 'parley.partitions': '4' };
  await manager.streams.add({ ...streamConfig('conversation', { partitions: 4 }), metadata });
}

/** What the stream holds, in its order: key and sequence of each message. */
export async function readStream(nats: NatsConnection): Promise<{ key: string; sequence: number }[]> {
  const manager = await jetstreamManager(nats);
  const { state } = await manager.streams.info('CONVERSATION');
  const found: { key: string; sequence: number }[] = [];
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage('CONVERSATION', { seq });
    if (!message) continue;
    const data = message.json<{ thread: string; sequence: number }>();
    found.push({ key: data.thread, sequence: data.sequence });
  }
  return found;
}

/** Places where a key's sequence does not rise by one. */
export function findSequenceBreaks(events: readonly { key: string; sequence: number }[]): string[] {
  const last = new Map<string, number>();
  const found: string[] = [];
  for (const { key, sequence } of events) {
    const before = last.get(key) ?? 0;
    if (sequence !== before + 1) found.push(`${key}: ${before} → ${sequence}`);
    last.set(key, sequence);
  }
  return found;
}

/** Waits until something holds, or fails with what it is about. */
export async function eventually(
  what: string,
  holds: () => Promise<boolean> | boolean,
  timeoutMs = 10_000,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
