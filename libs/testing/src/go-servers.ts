import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const servers = fileURLToPath(new URL('../../../tools/servers', import.meta.url));

/** A server written in Go whose version is pinned in `tools/servers/go.mod`. */
export interface GoServer {
  /** Name of the program. */
  name: string;
  /** The oldest version that will do. */
  version: string;
  /** The Go package of the program. */
  package: string;
  /** How long a build takes, for people. */
  buildDuration: string;
  /** What else would do, for the error: `or set NATS_URL`. */
  alternative: string;
}

/** Folder of the servers that were built here, outside the repository. */
export function serverFolder(): string {
  return (
    process.env['PARLEY_SERVERS'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'parley', 'servers')
  );
}

/**
 * Path of a server that is new enough: from the PATH, or built once with Go and kept.
 * @param log told before a build
 * @throws Error that says how to get one
 */
export async function findGoServer(
  server: GoServer,
  log: (line: string) => void = () => undefined,
): Promise<string> {
  const built = join(serverFolder(), `${server.name}-${server.version}`);
  if (existsSync(built)) return built;
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, server.name))
    .find((path) => isVersionAtLeast(path, server.version));
  if (found) return found;
  if (spawnSync('go', ['version']).status !== 0) {
    throw new Error(
      `${server.name} ${server.version} is missing. Install Go (it is then built once), put ${server.name} on the PATH, or ${server.alternative}.`,
    );
  }
  log(`Building ${server.name} ${server.version} with Go, once (about ${server.buildDuration})`);
  mkdirSync(serverFolder(), { recursive: true });
  const env = { ...process.env, GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' };
  // A build that is ended half-way leaves no program under the name.
  const part = `${built}.${process.pid}`;
  await promisify(execFile)('go', ['build', '-trimpath', '-o', part, server.package], {
    cwd: servers,
    env,
    maxBuffer: 10_000_000,
  });
  renameSync(part, built);
  return built;
}

function isVersionAtLeast(path: string, wanted: string): boolean {
  if (!existsSync(path)) return false;
  const version = /(\d+)\.(\d+)\.(\d+)/.exec(
    spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '',
  );
  return version !== null && versionNumber(version.slice(1)) >= versionNumber(wanted.split('.'));
}

/** A version as one number; no part reaches a thousand. */
function versionNumber(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum * 1000 + Number(part), 0);
}
