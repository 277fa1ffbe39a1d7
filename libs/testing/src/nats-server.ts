import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { findGoServer } from './go-servers.ts';
import { type ServerProcess, startServer, type Supervised } from './server-process.ts';

/** The oldest nats-server that keeps every acknowledged message through a power failure with `sync_interval: always`. */
export const NATS_VERSION = '2.15.2';

/**
 * Path of a nats-server that is new enough: from the PATH, or built once with Go and kept.
 * @param say told before the build, which takes about a minute
 * @throws Error that says how to get one
 */
export async function findNatsServer(say?: (line: string) => void): Promise<string> {
  const server = {
    name: 'nats-server',
    version: NATS_VERSION,
    package: 'github.com/nats-io/nats-server/v2',
    buildDuration: 'a minute',
    alternative: 'set NATS_URL',
  };
  return findGoServer(server, say);
}

/** Starts nats-server with a configuration (see `natsServerConfig` of `@parley/messaging`) and waits for its port. */
export async function startNatsServer(
  options: {
    program: string;
    configFile: string;
    config: string;
    port: number;
  } & Supervised,
): Promise<ServerProcess> {
  writeFileSync(options.configFile, options.config, { mode: 0o600 });
  return startServer({
    command: options.program,
    args: ['-c', options.configFile],
    spawn: { detached: options.detached ?? false },
    onSpawn: options.onSpawn,
    ready: () => isListening(options.port),
  });
}

/** Whether somebody listens on a loopback port. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}
