import type { INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { type Database, migrate } from '@parley/database';
import {
  connectNats,
  ensureStreams,
  JetStreamStrategy,
  mechanismMigrations,
  type MessagingRuntime,
  type NatsConnection,
} from '@parley/messaging';
import type { BaseConfig } from '../config/base-config.ts';
import { createInfrastructure, type Infrastructure } from '../boot/infrastructure.ts';
import { RpcErrorFilter } from '../boot/rpc-error-filter.ts';
import { serviceModule } from '../boot/service-module.ts';
import { HealthChecks } from '../health/health-checks.ts';
import { createLogger } from '../log/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { MasterKeys } from '../secrets/master-keys.ts';
import { testOperationKeys } from './operations.ts';

/** A database of a spec's own: its owner's URL, and those of roles such as `parley_flow`. */
export interface SpecDatabase {
  readonly ownerUrl: string;
  urlFor(role: string): string;
}

/** What a service is started with for a spec. */
export interface PodParts {
  /** Name of the service, its domain and its one module. */
  name: string;
  domain: string;
  module: Type;
  server: SpecDatabase;
  /** What its own variables would say. */
  config: object;
  /** A NATS of its own; by default the one of the run. */
  natsUrl?: string | undefined;
  /** Key-value buckets that it writes. */
  buckets?: readonly string[];
  /** Private addresses that may be called. Default the loopback ones. */
  egressAllow?: string;
  /** Master keys of the service's own, the first wraps. */
  secretsKeys?: readonly Buffer[];
  /** Called before the module is made: operations of others that the spec answers itself, leases that it leaves out. */
  prepare?(runtime: MessagingRuntime): void;
}

/** One process of a service, in the spec's own, without its public door. */
export interface Pod<Tables> {
  readonly app: INestMicroservice;
  readonly database: Database<Tables>;
  readonly runner: Database<unknown>;
  readonly nats: NatsConnection;
  readonly runtime: MessagingRuntime;
  close(): Promise<void>;
}

/** Starts a service as its own process would, on a migrated database; close it before the database is dropped. */
export async function startPod<Tables>(parts: PodParts): Promise<Pod<Tables>> {
  const infrastructure = await infrastructureOf(parts);
  const { database, runner, nats, operationsNats, messaging: runtime } = infrastructure;
  await ensureStreams(nats, { partitions: 4 });
  parts.prepare?.(runtime);
  const module = serviceModule(parts.module, infrastructure, parts.config);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    strategy: new JetStreamStrategy(runtime),
    logger: ['error'],
    abortOnError: false,
  });
  app.useGlobalFilters(new RpcErrorFilter());
  await app.listen();
  const close = async (): Promise<void> => {
    await app.close();
    await Promise.all([nats.close(), operationsNats.close(), database.close(), runner.close()]);
  };
  return { app, database: database as Database<Tables>, runner, nats, runtime, close };
}

function infrastructureOf(parts: PodParts): Promise<Infrastructure> {
  const { name, domain, server, buckets = [], natsUrl = specNatsUrl() } = parts;
  return createInfrastructure({
    name,
    domain,
    buckets,
    config: {
      DATABASE_URL: server.urlFor(`parley_${domain}`),
      DATABASE_RUNNER_URL: server.urlFor(`parley_${domain}_runner`),
      NATS_URL: natsUrl,
      NATS_USER: 'operator',
      NATS_PASSWORD: 'x',
      EGRESS_ALLOW: parts.egressAllow ?? '127.0.0.0/8',
    } as BaseConfig,
    logger: createLogger({ name: `${name}-spec`, level: 'fatal' }),
    operationKeys: testOperationKeys(name),
    masterKeys: new MasterKeys([Buffer.alloc(32, 7)]),
    ...(parts.secretsKeys ? { secretsKeys: new MasterKeys(parts.secretsKeys) } : {}),
    checks: new HealthChecks(),
    metrics: new Metrics(),
  });
}

/** Lays a service's tables; `migrations` are its own, and the space keys' where it keeps secrets. */
export async function createTables(
  server: SpecDatabase,
  domain: string,
  migrations: Parameters<typeof migrate>[0]['migrations'],
): Promise<void> {
  await migrate({
    ownerUrl: server.ownerUrl,
    serviceUrl: server.urlFor(`parley_${domain}`),
    runnerUrl: server.urlFor(`parley_${domain}_runner`),
    domain,
    migrations: [mechanismMigrations, ...migrations],
  });
}

/** A fact that a service has stored. */
export interface StoredEvent {
  name: string;
  data: Record<string, unknown>;
}

/** What a service has said of one key, oldest first. */
export function eventsOf<Tables>(
  database: Database<Tables>,
  spaceId: string,
  key: string,
): Promise<StoredEvent[]> {
  const log = database as unknown as Database<{ event: StoredEvent & { id: number; key: string } }>;
  return log.withSpaces([spaceId], (trx) =>
    trx.selectFrom('event').select(['name', 'data']).where('key', '=', key).orderBy('id').execute(),
  );
}

/** A connection of the spec itself, which plays the other services. */
export function connectTestClient(natsUrl = specNatsUrl()): Promise<NatsConnection> {
  return connectNats({ url: natsUrl, user: 'operator', password: 'x', name: 'spec' });
}

function specNatsUrl(): string {
  return process.env['PARLEY_TEST_NATS_URL'] ?? '';
}
