import { findGoServer } from './go-servers.ts';
import { isListening } from './nats-server.ts';
import { freePort } from './ports.ts';
import { type ServerProcess, startServer, type Supervised } from './server-process.ts';

/** The livekit-server that is pinned in `tools/servers/go.mod`. */
export const LIVEKIT_VERSION = '1.13.5';

/** How a livekit-server is started: on loopback, with one key. */
export interface LiveKitOptions extends Supervised {
  apiKey: string;
  /** At least 32 characters. */
  apiSecret: string;
  /** Where it tells what happens in rooms. */
  webhookUrl?: string;
  /** Port of its API and signalling; a free one by default. Media take another free one. */
  port?: number;
  /** Address it listens on and offers to clients; loopback by default. */
  host?: string;
}

/** A livekit-server that runs. */
export interface LiveKitServer {
  process: ServerProcess;
  /** `ws://…` of its API and signalling. */
  url: string;
  port: number;
}

/**
 * Path of a livekit-server: from the PATH, or built once with Go and kept.
 * @throws Error that says how to get one
 */
export async function findLiveKitServer(say?: (line: string) => void): Promise<string> {
  const server = {
    name: 'livekit-server',
    version: LIVEKIT_VERSION,
    package: 'github.com/livekit/livekit-server/cmd/server',
    buildDuration: 'three minutes',
    alternative: 'set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
  };
  return findGoServer(server, say);
}

/** Starts livekit-server and waits until it answers. */
export async function startLiveKitServer(options: LiveKitOptions): Promise<LiveKitServer> {
  const { apiKey, apiSecret, webhookUrl, host = '127.0.0.1' } = options;
  const program = await findLiveKitServer();
  const port = options.port ?? (await freePort());
  const config = {
    port,
    bind_addresses: [host],
    rtc: await mediaConfig(host),
    keys: { [apiKey]: apiSecret },
    room: { auto_create: true, empty_timeout: 10, departure_timeout: 5 },
    logging: { level: 'warn', pion_level: 'error' },
    ...(webhookUrl ? { webhook: { api_key: apiKey, urls: [webhookUrl] } } : {}),
  };
  const server = await startServer({
    command: program,
    args: [],
    // Not on the command line: the configuration holds the secret, and every user may read the process list.
    spawn: {
      env: { ...process.env, LIVEKIT_CONFIG: JSON.stringify(config) },
      detached: options.detached ?? false,
    },
    onSpawn: options.onSpawn,
    ready: () => isListening(port),
  });
  return { process: server, url: `ws://${host}:${port}`, port };
}

/** On loopback media are UDP alone: livekit-server's TCP port for media would listen on every address. */
async function mediaConfig(host: string): Promise<object> {
  const common = { udp_port: await freePort(), node_ip: host, use_external_ip: false };
  if (host !== '127.0.0.1') return { ...common, tcp_port: await freePort() };
  return {
    ...common,
    tcp_port: 0,
    enable_loopback_candidate: true,
    ips: { includes: [`${host}/32`] },
  };
}
