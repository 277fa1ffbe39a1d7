import { mkdtempSync, chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Postgres, startPostgres } from './postgres.ts';
import { createTestDatabase, type TestDatabase } from './test-servers.ts';
import { until } from './until.ts';

/** A PostgreSQL of one's own that can be killed in the middle of its work and started again on its data. */
export interface CrashingPostgres {
  createDatabase(): Promise<TestDatabase>;
  /** kill -9 of the server and all its processes, before the call returns: what it had not yet written is lost. */
  crash(): void;
  /** Starts it again on the same port. Until `admit`, only the superuser can connect. */
  recover(): Promise<void>;
  /** Lets all roles connect; resolves when they can. */
  admit(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** Only commits that wait for it write the log before 10 s have passed. */
const SETTINGS = { wal_writer_delay: '10s', autovacuum: 'off', bgwriter_lru_maxpages: '0' };

const INVALID_PASSWORD = '28P01';

/** Starts one whose log is written by nothing but the commits that wait for it. */
export async function startCrashingPostgres(): Promise<CrashingPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-crash-'));
  chmodSync(folder, 0o711);
  const options = { dataDir: join(folder, 'postgres'), settings: SETTINGS };
  let server: Postgres = await startPostgres(options);
  const { port, dataDir, url } = server;
  const admitRoles = (roles: string): void =>
    writeFileSync(join(dataDir, 'pg_hba.conf'), `host all ${roles} 127.0.0.1/32 scram-sha-256\n`);
  let killed: number[] = [];
  return {
    createDatabase: () => createTestDatabase(url),
    crash: () => {
      killed = [...childrenOf(server.pid), server.pid];
      for (const pid of killed) kill(pid);
    },
    recover: async () => {
      await until('all processes of PostgreSQL have ended', () => killed.every((pid) => !isRunning(pid)));
      admitRoles('parley');
      server = await startPostgres({ ...options, port });
    },
    admit: async () => {
      admitRoles('all');
      server.kill('SIGHUP');
      await until('all roles can connect', () => isAdmitted(url));
    },
    close: async () => {
      await server.stop('SIGQUIT', 5000);
      for (const path of [folder, dataDir]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Whether a role that does not exist is asked for its password before it is refused. */
async function isAdmitted(url: string): Promise<boolean> {
  const stranger = new URL(url);
  stranger.username = 'stranger';
  const client = new pg.Client({ connectionString: stranger.href });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    return (error as { code?: string }).code === INVALID_PASSWORD;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Where the system does not list them, they end by themselves once their parent is gone. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/u.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
