import type { INestMicroservice } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { createDatabase, Database } from '@parley/database';
import {
  connectNats,
  EventLog,
  JetStreamStrategy,
  Leases,
  MessagingRuntime,
  type NatsConnection,
  OperationClient,
  type OperationHandler,
  Tasks,
} from '@parley/messaging';
import { Clock, CONFIG, createLogger, HealthChecks, Logger, PassErrors, SystemClock } from '@parley/service';
import { getConversation } from '@parley/contracts';
import type { TestDatabase } from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import { configSchema } from '../src/config.ts';
import type { Tables } from '../src/database.ts';

export const s3Key = { accessKeyId: 'parley', secretAccessKey: 'a secret of the S3 server' };

/** One process of the service, in this one. */
export interface Pod {
  nats: NatsConnection;
  app: INestMicroservice;
  database: Database<Tables>;
  runner: Database<unknown>;
}

/** What the process is started with. */
export interface PodParts {
  s3Endpoint: string;
  settings: Record<string, string>;
  /** Plays conversation. */
  conversation: OperationHandler;
}

export async function startPod(server: TestDatabase, parts: PodParts): Promise<Pod> {
  const url = server.urlFor('parley_asset');
  const database = createDatabase<Tables>({ url, applicationName: 'assets-spec' });
  const runner = createDatabase<unknown>({
    url: server.urlFor('parley_asset_runner'),
    applicationName: 'assets-spec-runner',
  });
  const nats = await connect();
  const logger = createLogger({ name: 'assets-spec', level: 'fatal' });
  const cipher = { seal: (text: string) => text, open: (text: string) => text };
  const base = { service: 'assets', domain: 'asset', nats, runner, logger, cipher };
  const runtime = new MessagingRuntime({ ...base, database: database as unknown as Database<unknown> });
  runtime.operations.add(getConversation, parts.conversation);
  const config = configSchema.parse({
    S3_ENDPOINT: parts.s3Endpoint,
    S3_ACCESS_KEY_ID: s3Key.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3Key.secretAccessKey,
    ...parts.settings,
  });
  const module = moduleWith([
    [Database, database],
    [Logger, logger],
    [Clock, new SystemClock()],
    [CONFIG, config],
    [HealthChecks, new HealthChecks()],
    [EventLog, runtime.events],
    [Tasks, runtime.tasks],
    [Leases, runtime.leases],
    [OperationClient, runtime.client],
  ]);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    strategy: new JetStreamStrategy(runtime),
    logger: ['error'],
    abortOnError: false,
  });
  app.useGlobalFilters(new PassErrors());
  await app.listen();
  return { nats, app, database, runner };
}

export function connect(url = process.env['PARLEY_TEST_NATS_URL'] ?? ''): Promise<NatsConnection> {
  return connectNats({ url, user: 'operator', password: 'x', name: 'assets-spec' });
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
