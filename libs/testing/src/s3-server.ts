import { mkdirSync } from 'node:fs';
import { findGoServer } from './go-servers.ts';
import { freePort } from './ports.ts';
import { type ServerProcess, startServer, type Supervised } from './server-process.ts';

/** The versitygw that is pinned in `tools/servers/go.mod`. */
export const VERSITYGW_VERSION = '1.8.0';

/** How an S3 server is started: on loopback, with one key, over a folder. */
export interface S3Options extends Supervised {
  /** Where buckets and objects lie; made when missing, and kept. Its file system needs extended attributes. */
  dataDir: string;
  accessKeyId: string;
  secretAccessKey: string;
  port?: number;
}

/** An S3 server that runs. */
export interface S3Server {
  process: ServerProcess;
  /** `http://…` of its API; buckets are the first part of the path. */
  endpoint: string;
  port: number;
}

/**
 * Path of a versitygw: from the PATH, or built once with Go and kept.
 * @throws Error that says how to get one
 */
export async function findS3Server(say?: (line: string) => void): Promise<string> {
  const server = {
    name: 'versitygw',
    version: VERSITYGW_VERSION,
    package: 'github.com/versity/versitygw/cmd/versitygw',
    buildDuration: 'a minute',
    alternative: 'set S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY',
  };
  return findGoServer(server, say);
}

/** Starts versitygw and waits until it answers. */
export async function startS3Server(options: S3Options): Promise<S3Server> {
  const { dataDir, accessKeyId, secretAccessKey } = options;
  const program = await findS3Server();
  const port = options.port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const env = { ...process.env, ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey };
  const server = await startServer({
    command: program,
    args: ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', 'posix', dataDir],
    spawn: { env, detached: options.detached ?? false },
    onSpawn: options.onSpawn,
    // Without a signature it refuses, and so answers.
    ready: async () => (await fetch(endpoint)).status > 0,
  });
  return { process: server, endpoint, port };
}
