import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ServerProcess, startServer } from './server-process.ts';

/** The oldest nats-server that keeps every acknowledged message through a power failure with `sync_interval: always`. */
export const NATS_VERSION = '2.15.2';

const servers = fileURLToPath(new URL('../../../tools/servers', import.meta.url));

/** Folder of the servers that were built here, outside the repository. */
export function serverFolder(): string {
  return (
    process.env['PARLEY_SERVERS'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'parley', 'servers')
  );
}

/**
 * Path of a nats-server that is new enough: from the PATH, or built once with Go and kept.
 * @param say told before the build, which takes about a minute
 * @throws Error that says how to get one
 */
export async function findNatsServer(say: (line: string) => void = () => undefined): Promise<string> {
  const built = join(serverFolder(), `nats-server-${NATS_VERSION}`);
  if (existsSync(built)) return built;
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'nats-server'))
    .find((path) => newEnough(path));
  if (found) return found;
  if (spawnSync('go', ['version']).status !== 0) {
    throw new Error(
      `nats-server ${NATS_VERSION} is missing. Install Go (it is then built once), put nats-server on the PATH, or set NATS_URL.`,
    );
  }
  say(`Building nats-server ${NATS_VERSION} with Go, once (about a minute)`);
  mkdirSync(serverFolder(), { recursive: true });
  const env = { ...process.env, GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' };
  await promisify(execFile)('go', ['build', '-trimpath', '-o', built, 'github.com/nats-io/nats-server/v2'], {
    cwd: servers,
    env,
    maxBuffer: 10_000_000,
  });
  return built;
}

function newEnough(path: string): boolean {
  if (!existsSync(path)) return false;
  const version = /v(\d+)\.(\d+)\.(\d+)/.exec(
    spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '',
  );
  return version !== null && weight(version.slice(1)) >= weight(NATS_VERSION.split('.'));
}

/** A version as one number; no part reaches a thousand. */
function weight(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum * 1000 + Number(part), 0);
}

/** Starts nats-server with a configuration (see `natsServerConfig` of `@parley/messaging`) and waits for its port. */
export async function startNatsServer(options: {
  program: string;
  configFile: string;
  config: string;
  port: number;
}): Promise<ServerProcess> {
  writeFileSync(options.configFile, options.config, { mode: 0o600 });
  return startServer({
    command: options.program,
    args: ['-c', options.configFile],
    ready: () => answers(options.port),
  });
}

/** Whether somebody listens on a loopback port. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}
