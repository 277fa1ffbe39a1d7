import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { findNatsServer, startNatsServer } from './nats-server.ts';
import { freePort } from './ports.ts';
import { startPostgres } from './postgres.ts';

/** Addresses of the servers that a test run shares. */
export interface TestServers {
  databaseUrl: string;
  natsUrl: string;
  stop(): Promise<void>;
}

/** Starts PostgreSQL and a nats-server without users, in a folder that goes with them. */
export async function startTestServers(): Promise<TestServers> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'));
  chmodSync(folder, 0o711);
  const natsPort = await freePort();
  mkdirSync(join(folder, 'nats'));
  const config = [
    `host: "127.0.0.1"`,
    `port: ${natsPort}`,
    'max_payload: 8MB',
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'nats'))}, sync_interval: always }`,
    '',
  ].join('\n');
  const program = await findNatsServer((line) => console.log(line));
  const [postgres, nats] = await Promise.all([
    startPostgres({ dataDir: join(folder, 'postgres') }),
    startNatsServer({ program, configFile: join(folder, 'nats.conf'), config, port: natsPort }),
  ]);
  return {
    databaseUrl: postgres.url,
    natsUrl: `nats://127.0.0.1:${natsPort}`,
    stop: async () => {
      await Promise.all([postgres.stop('SIGINT', 5000), nats.stop('SIGKILL')]);
      for (const path of [folder, postgres.dataDir]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A database of one's own on the shared server. */
export interface TestDatabase {
  ownerUrl: string;
  /** URL of a role, as `migrate` creates it. */
  urlFor(role: string): string;
  drop(): Promise<void>;
}

/**
 * Makes an empty database.
 * @param server superuser's URL; by default that of the shared server from PARLEY_TEST_DATABASE_URL, which the test run sets
 */
export async function createTestDatabase(
  server = process.env['PARLEY_TEST_DATABASE_URL'],
): Promise<TestDatabase> {
  if (!server)
    throw new Error('PARLEY_TEST_DATABASE_URL is not set: run the spec through the root jest.config.mjs.');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name}`);
  const url = (user?: string): string => {
    const made = new URL(server);
    made.pathname = `/${name}`;
    if (user) {
      made.username = user;
      made.password = 'test';
    }
    return made.href;
  };
  // The database goes with its server in the end: dropping it is a courtesy that may not hold up a run.
  const drop = `DROP DATABASE ${name} WITH (FORCE)`;
  return { ownerUrl: url(), urlFor: url, drop: () => execute(server, drop, 5000).catch(() => undefined) };
}

async function execute(url: string, text: string, timeoutMs = 30_000): Promise<void> {
  const limits = { statement_timeout: timeoutMs, query_timeout: timeoutMs + 1000 };
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, ...limits });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
