import type { INestMicroservice } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { createDatabase, Database } from '@parley/database';
import {
  CallBus,
  connectNats,
  EventLog,
  FactPublisher,
  JetStreamStrategy,
  Leases,
  LiveBus,
  MessagingRuntime,
  type NatsConnection,
  OperationClient,
  Tasks,
} from '@parley/messaging';
import {
  Clock,
  CONFIG,
  createLogger,
  GuardedFetch,
  HealthChecks,
  Logger,
  MasterKeys,
  Metrics,
  NATS,
  PassErrors,
  SecretBox,
  SpaceKeyRepository,
  SystemClock,
} from '@parley/service';
import type { TestDatabase } from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import type { GatewayConfig } from '../src/config.ts';
import type { Tables } from '../src/database.ts';

/** One gateway process without its HTTP door, in this one. */
export interface Pod {
  nats: NatsConnection;
  app: INestMicroservice;
  runtime: MessagingRuntime;
  database: Database<Tables>;
  runner: Database<unknown>;
}

export async function startPod(
  server: TestDatabase,
  config: GatewayConfig,
  prepare: (runtime: MessagingRuntime) => void,
): Promise<Pod> {
  const url = server.urlFor('parley_channel');
  const database = createDatabase<Tables>({ url, applicationName: 'gateway-spec' });
  const runner = createDatabase<unknown>({
    url: server.urlFor('parley_channel_runner'),
    applicationName: 'gateway-spec-runner',
  });
  const nats = await connect();
  const logger = createLogger({ name: 'gateway-spec', level: 'fatal' });
  const cipher = { seal: (text: string) => text, open: (text: string) => text };
  const base = { service: 'channel-gateway', domain: 'channel', nats, runner, logger, cipher };
  const buckets = ['channels'];
  const runtime = new MessagingRuntime({
    ...base,
    database: database as unknown as Database<unknown>,
    buckets,
  });
  prepare(runtime);
  const keys = new MasterKeys([Buffer.alloc(32, 7)]);
  const module = moduleWith([
    [Database, database],
    [Logger, logger],
    [Clock, new SystemClock()],
    [CONFIG, config],
    [HealthChecks, new HealthChecks()],
    [Metrics, new Metrics()],
    [NATS, nats],
    [GuardedFetch, new GuardedFetch('127.0.0.0/8')],
    [SecretBox, new SecretBox(keys, new SpaceKeyRepository())],
    [MessagingRuntime, runtime],
    [EventLog, runtime.events],
    [Tasks, runtime.tasks],
    [Leases, runtime.leases],
    [LiveBus, runtime.live],
    [CallBus, runtime.calls],
    [FactPublisher, runtime.facts],
    [OperationClient, runtime.client],
  ]);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    strategy: new JetStreamStrategy(runtime),
    logger: ['error'],
    abortOnError: false,
  });
  app.useGlobalFilters(new PassErrors());
  await app.listen();
  return { nats, app, runtime, database, runner };
}

export function connect(): Promise<NatsConnection> {
  const url = process.env['PARLEY_TEST_NATS_URL'] ?? '';
  return connectNats({ url, user: 'operator', password: 'x', name: 'gateway-spec' });
}

function moduleWith(values: [token: unknown, value: unknown][]): new () => object {
  const providers = values.map(([provide, useValue]) => ({ provide: provide as symbol, useValue }));
  @Global()
  @Module({ providers, exports: providers.map(({ provide }) => provide) })
  class Kit {}

  @Module({ imports: [Kit, AppModule] })
  class BenchModule {}

  return BenchModule;
}
