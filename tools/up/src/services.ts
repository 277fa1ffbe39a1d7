import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Domain, domainOwners, domains } from '@parley/contracts';
import { freePort } from '@parley/testing';
import type { Program } from './supervisor.ts';

/** Addresses that every service gets. */
export interface Addresses {
  databaseUrl: string;
  natsUrl: string;
  smtpUrl: string | null;
  port: number;
  masterKeyFile: string;
  demoFile: string;
  /** Where Node keeps compiled modules: a service that is started again is up sooner. */
  compileCache: string;
  password(of: string): string;
}

/** One service with its environment. */
export interface Service {
  domain: Domain;
  name: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** The services that are there. */
export async function listServices(root: string, addresses: Addresses): Promise<Service[]> {
  const present = domains.filter((domain) =>
    existsSync(join(root, 'apps', domainOwners[domain], 'src/main.ts')),
  );
  const names = present.map((domain) => domainOwners[domain]);
  return Promise.all(
    present.map(async (domain) => {
      const name = domainOwners[domain];
      const env = {
        ...(await environment(domain, name, addresses)),
        ...(domain === 'channel' ? { SERVICES: names.join(',') } : {}),
      };
      return { domain, name, folder: join(root, 'apps', name), env };
    }),
  );
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
    HEALTH_PORT: String(await freePort()),
    MASTER_KEY_FILE: addresses.masterKeyFile,
    EGRESS_ALLOW: EGRESS_ALLOW ?? '127.0.0.0/8,::1,localhost',
    ...(addresses.smtpUrl ? { SMTP_URL: addresses.smtpUrl } : {}),
    ...(domain === 'channel' ? { PORT: String(addresses.port), DEMO_FILE: addresses.demoFile } : {}),
  };
}

function roleUrl(addresses: Addresses, role: string): string {
  const url = new URL(addresses.databaseUrl);
  url.username = role;
  url.password = addresses.password(`postgres-${role}`);
  return url.href;
}

export function programOf(service: Service, node: string): Program {
  return {
    name: service.name,
    command: node,
    args: ['--enable-source-maps', 'dist/main.js'],
    cwd: service.folder,
    env: service.env,
  };
}
