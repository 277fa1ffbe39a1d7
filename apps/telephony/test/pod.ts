import type { INestMicroservice } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  completeStorage,
  deleteAsset,
  openForChannel,
  type OperationOutput,
  type OperationRequest,
} from '@parley/contracts';
import { createDatabase, Database } from '@parley/database';
import {
  CallBus,
  connectNats,
  EventLog,
  JetStreamStrategy,
  Leases,
  MessagingRuntime,
  type NatsConnection,
  OperationClient,
  Tasks,
} from '@parley/messaging';
import {
  Clock,
  CONFIG,
  createLogger,
  HealthChecks,
  Logger,
  NATS,
  PassErrors,
  SystemClock,
} from '@parley/service';
import type { TestDatabase } from '@parley/testing';
import { AppModule } from '../src/app.module.ts';
import type { Tables } from '../src/database.ts';

export const liveKitKey = { apiKey: 'parley', apiSecret: 'a-secret-of-thirty-two-characters' };

/** One telephony process, in this one. */
export interface Pod {
  nats: NatsConnection;
  app: INestMicroservice;
  runtime: MessagingRuntime;
  database: Database<Tables>;
  runner: Database<unknown>;
}

/** What conversation is asked to open. */
export type Opening = OperationRequest<typeof openForChannel>;

/** What the storage of files is asked to complete. */
export type Completion = OperationRequest<typeof completeStorage>;

/** What the process is started with. */
export interface PodParts extends BenchOptions {
  liveKitUrl: string;
  openConversation(input: Opening): OperationOutput<typeof openForChannel>;
  completeFile(input: Completion): OperationOutput<typeof completeStorage>;
  deleteFile(assetId: string): void;
}

export async function startPod(server: TestDatabase, parts: PodParts): Promise<Pod> {
  const url = server.urlFor('parley_telephony');
  const database = createDatabase<Tables>({ url, applicationName: 'telephony-spec' });
  const runner = createDatabase<unknown>({
    url: server.urlFor('parley_telephony_runner'),
    applicationName: 'telephony-spec-runner',
  });
  const nats = await connect(parts.natsUrl);
  const logger = createLogger({ name: 'telephony-spec', level: 'fatal' });
  const cipher = { seal: (text: string) => text, open: (text: string) => text };
  const base = { service: 'telephony', domain: 'telephony', nats, runner, logger, cipher };
  const runtime = new MessagingRuntime({ ...base, database: database as unknown as Database<unknown> });
  parts.play?.(runtime);
  runtime.operations.add(openForChannel, async (input) => parts.openConversation(input as Opening));
  runtime.operations.add(completeStorage, async (input) => parts.completeFile(input as Completion));
  runtime.operations.add(deleteAsset, async (input) => {
    parts.deleteFile((input as { assetId: string }).assetId);
    return {};
  });
  const hold: Leases['hold'] = (name, work) => {
    if (name !== parts.without) runtime.leases.hold(name, work);
  };
  const config = {
    LIVEKIT_URL: parts.liveKitUrl,
    LIVEKIT_PUBLIC_URL: undefined,
    LIVEKIT_API_KEY: liveKitKey.apiKey,
    LIVEKIT_API_SECRET: liveKitKey.apiSecret,
    VOICE_AGENT_NAME: 'parley',
    CALL_TIME_LIMIT_MINUTES: 120,
    CALLS_OUT_MAX: 8,
    CALLS_OUT_PER_MINUTE: 60,
  };
  const module = moduleWith([
    [Database, database],
    [Logger, logger],
    [Clock, new SystemClock()],
    [CONFIG, config],
    [HealthChecks, new HealthChecks()],
    [NATS, nats],
    [EventLog, runtime.events],
    [Tasks, runtime.tasks],
    [Leases, { hold }],
    [CallBus, runtime.calls],
    [OperationClient, runtime.client],
  ]);
  const strategy = new JetStreamStrategy(runtime);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    strategy,
    logger: ['error'],
    abortOnError: false,
  });
  app.useGlobalFilters(new PassErrors());
  await app.listen();
  return { nats, app, runtime, database, runner };
}

export function connect(url = process.env['PARLEY_TEST_NATS_URL'] ?? ''): Promise<NatsConnection> {
  return connectNats({ url, user: 'operator', password: 'x', name: 'telephony-spec' });
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

/** What is other than usual on a bench. */
export interface BenchOptions {
  /** A NATS of its own. */
  natsUrl?: string;
  /** Work under a lease that is left out, so that it mends nothing. */
  without?: string;
  /** Plays more of the other services. */
  play?(runtime: MessagingRuntime): void;
}
