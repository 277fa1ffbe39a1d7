import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, serverFolder, startServer } from '@parley/testing';
import type { Servers } from './floor.ts';
import { homeserverConfig, logConfig } from './synapse-config.ts';

const VERSION = '1.163.2';
const PACKAGES = [`matrix-synapse==${VERSION}`, 'psycopg2-binary==2.9.13'];
const DATABASE = 'parley_bench_synapse';
const INSTALL_MS = 900_000;
const READY_MS = 180_000;

/** Synapse cannot be had on this machine; the reason is one line. */
export class SynapseMissing extends Error {}

/** A Synapse that runs, on a database of its own on the installation's PostgreSQL. */
export interface Synapse {
  port: number;
  /** Registers users. */
  secret: string;
  /** Ends it and removes its database and its folder. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** The last line of what a program said, which is where Python tools put the reason. */
function reason(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  const said = stderr?.trim() ? stderr : (message ?? String(error));
  return said.trim().split('\n').at(-1) ?? '';
}

/**
 * The Python of an environment that has Synapse; made once and kept beside the servers that are built.
 * @throws SynapseMissing where Python or the package cannot be had
 */
async function findPython(): Promise<string> {
  const environment = join(dirname(serverFolder()), 'peers', `synapse-${VERSION}`);
  const python = join(environment, 'bin', 'python');
  if (existsSync(python)) return python;
  console.log(`  Synapse ${VERSION}: installing it in ${environment}, once (a minute or two)`);
  // An installation that is ended half-way leaves nothing under the name.
  const part = `${environment}.${process.pid}`;
  mkdirSync(dirname(environment), { recursive: true });
  try {
    await run('python3', ['-m', 'venv', part]).catch((error: unknown) => {
      throw new SynapseMissing(`Python 3 with venv is missing (${reason(error)})`);
    });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
    await run(join(part, 'bin', 'python'), [...pip, ...PACKAGES], { timeout: INSTALL_MS }).catch(
      (error: unknown) => {
        throw new SynapseMissing(`${PACKAGES.join(' and ')} could not be installed (${reason(error)})`);
      },
    );
    renameSync(part, environment);
    return python;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

async function dropDatabase({ database }: Servers): Promise<void> {
  await database.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
}

async function makeDatabase(servers: Servers): Promise<string> {
  await dropDatabase(servers);
  // Synapse refuses any other locale.
  await servers.database.query(
    `CREATE DATABASE ${DATABASE} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  );
  const url = new URL(servers.installation.demo.databaseUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

/**
 * Starts Synapse, installed before if need be, with nothing in it.
 * @throws SynapseMissing where Python or the package cannot be had
 */
export async function startSynapse(servers: Servers): Promise<Synapse> {
  const python = await findPython();
  const home = join(servers.installation.home, 'synapse');
  const port = await freePort();
  const secret = randomBytes(24).toString('hex');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): void => writeFileSync(join(home, name), text, { mode: 0o600 });
  const remove = async (): Promise<void> => {
    await dropDatabase(servers);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const databaseUrl = await makeDatabase(servers);
    write('homeserver.yaml', homeserverConfig({ home, port, databaseUrl, secret }));
    write('log.yaml', logConfig());
    write('signing.key', `ed25519 a_bench ${randomBytes(32).toString('base64').replaceAll('=', '')}\n`);
    const server = await startServer({
      command: python,
      args: ['-m', 'synapse.app.homeserver', '--config-path', join(home, 'homeserver.yaml')],
      spawn: { cwd: home },
      ready: async () => (await fetch(`http://127.0.0.1:${port}/_matrix/client/versions`)).ok,
      timeoutMs: READY_MS,
    });
    // Where the bench ends early it does not outlive it.
    const end = (): void => server.kill('SIGKILL');
    process.once('exit', end);
    return {
      port,
      secret,
      stop: async () => {
        process.off('exit', end);
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
