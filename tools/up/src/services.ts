import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Domain, domainOwners, domains } from '@parley/contracts';
import { freePort } from '@parley/testing';
import type { Program } from './supervisor.ts';

/** Where LiveKit is and how to speak to it. */
export interface LiveKitAccess {
  url: string;
  apiKey: string;
  apiSecret: string;
}

/** Where the S3 server is and how to speak to it. */
export interface S3Access {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** A process of a service beside, or in place of, `main.js` of its bundle. */
interface Entry {
  name: string;
  file: string;
  /** A server without which it does not start. */
  needs?: 'liveKit' | 's3';
}

/** Services of more than one process, or of a process that needs a server of its own. */
const entries: Partial<Record<Domain, readonly Entry[]>> = {
  asset: [{ name: 'assets', file: 'main.js', needs: 's3' }],
  telephony: [{ name: 'telephony', file: 'main.js', needs: 'liveKit' }],
  voice: [
    { name: 'voice-agent', file: 'main.js', needs: 'liveKit' },
    { name: 'audio-bridge', file: 'bridge.js' },
  ],
};

/** Addresses that every service gets. */
export interface Addresses {
  databaseUrl: string;
  natsUrl: string;
  smtpUrl: string | null;
  liveKit: LiveKitAccess | null;
  s3: S3Access | null;
  port: number;
  /** Port of the audio bridge. */
  bridgePort: number;
  masterKeyFile: string;
  /** Master key of channel credentials, for the gateway alone. */
  channelMasterKeyFile: string;
  demoFile: string;
  /** Where Node keeps compiled modules: a service that is started again is up sooner. */
  compileCache: string;
  password(of: string): string;
  /** File with the operation keys of a service. */
  operationKeysFile(service: string): string;
}

/** One service with its environment. */
export interface Service {
  domain: Domain;
  name: string;
  /** Its bundle, as it lies in its image. */
  folder: string;
  env: NodeJS.ProcessEnv;
  entries: Entry[];
}

/** The services that are there. */
export async function listServices(root: string, addresses: Addresses): Promise<Service[]> {
  const present = domains.filter(
    (domain) =>
      existsSync(join(root, 'apps', domainOwners[domain], 'src/main.ts')) &&
      entriesOf(domain, addresses).length > 0,
  );
  const names = present.flatMap((domain) => entriesOf(domain, addresses).map(({ name }) => name));
  return Promise.all(
    present.map(async (domain) => {
      const name = domainOwners[domain];
      const env = {
        ...(await environment(domain, name, addresses)),
        ...(domain === 'channel' ? { SERVICES: names.join(',') } : {}),
      };
      return { domain, name, folder: join(root, 'dist', name), env, entries: entriesOf(domain, addresses) };
    }),
  );
}

function entriesOf(domain: Domain, addresses: Addresses): Entry[] {
  const own = entries[domain] ?? [{ name: domainOwners[domain], file: 'main.js' }];
  return own.filter(({ needs }) => needs === undefined || addresses[needs] !== null);
}

async function environment(domain: Domain, name: string, addresses: Addresses): Promise<NodeJS.ProcessEnv> {
  const { PATH, HOME, TZ, PUBLIC_URL, LOG_LEVEL, OTEL_EXPORTER_OTLP_ENDPOINT, EGRESS_ALLOW } = process.env;
  const set = Object.entries({ PATH, HOME, TZ, PUBLIC_URL, OTEL_EXPORTER_OTLP_ENDPOINT }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...Object.fromEntries(set),
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: addresses.compileCache,
    LOG_LEVEL: LOG_LEVEL ?? 'info',
    DATABASE_OWNER_URL: addresses.databaseUrl,
    DATABASE_URL: roleUrl(addresses, `parley_${domain}`),
    DATABASE_RUNNER_URL: roleUrl(addresses, `parley_${domain}_runner`),
    NATS_URL: addresses.natsUrl,
    NATS_USER: name,
    NATS_PASSWORD: addresses.password(`nats-${name}`),
    OPERATION_KEYS_FILE: addresses.operationKeysFile(name),
    HEALTH_PORT: String(await freePort()),
    MASTER_KEY_FILE: addresses.masterKeyFile,
    EGRESS_ALLOW: EGRESS_ALLOW ?? '127.0.0.0/8,::1,localhost',
    ...(addresses.smtpUrl ? { SMTP_URL: addresses.smtpUrl } : {}),
    ...own(domain, addresses),
  };
}

/** What a service reads beside what every service reads. */
function own(domain: Domain, addresses: Addresses): NodeJS.ProcessEnv {
  const { port, bridgePort, demoFile, liveKit, s3 } = addresses;
  const voice = liveKit
    ? { LIVEKIT_URL: liveKit.url, LIVEKIT_API_KEY: liveKit.apiKey, LIVEKIT_API_SECRET: liveKit.apiSecret }
    : {};
  if (domain === 'channel')
    return {
      ...startingWith('TRUSTED_PROXIES'),
      ...startingWith('RATE_LIMIT_'),
      ...startingWith('SOCKETS_'),
      CHANNEL_MASTER_KEY_FILE: addresses.channelMasterKeyFile,
      ...startingWith('CORS_ORIGINS'),
      PORT: String(port),
      DEMO_FILE: demoFile,
      BRIDGE_URL: `http://127.0.0.1:${bridgePort}`,
    };
  if (domain === 'telephony') return voice;
  if (domain === 'identity') return { ...startingWith('SIGN_UP'), ...startingWith('INVITATION') };
  if (domain === 'notification')
    return { ...startingWith('MAIL'), LINK_BASE_URL: `http://localhost:${port}` };
  if (domain === 'asset') return { ...startingWith('S3_'), ...(s3 ? environmentOf(s3) : {}) };
  if (domain !== 'voice') return {};
  return {
    ...voice,
    ...startingWith('VOICE_'),
    ...startingWith('MEDIA_'),
    ...startingWith('BRIDGE_'),
    PORT: String(bridgePort),
    // The gateway passes sessions on.
    TRUSTED_PROXIES: 'loopback',
  };
}

/** What the one who starts it has set, such as speech providers. */
function startingWith(prefix: string): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith(prefix)));
}

function environmentOf({ endpoint, accessKeyId, secretAccessKey }: S3Access): NodeJS.ProcessEnv {
  return {
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

function roleUrl(addresses: Addresses, role: string): string {
  const url = new URL(addresses.databaseUrl);
  url.username = role;
  url.password = addresses.password(`postgres-${role}`);
  return url.href;
}

/** The processes of a service. */
export function programsOf(service: Service, node: string): Program[] {
  return service.entries.map(({ name, file }, index) => ({
    name,
    command: node,
    args: ['--enable-source-maps', file],
    cwd: service.folder,
    env: index === 0 ? service.env : { ...service.env, HEALTH_PORT: '0' },
  }));
}
