import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { JetStreamStrategy } from '@parley/messaging';
import type { z } from 'zod';

import type { ServiceConfig } from '../config/base-config.ts';
import { NestLogger } from '../log/nest-logger.ts';
import { traceRequests } from '../tracing/trace-requests.ts';
import { isExporting } from '../tracing/tracing.ts';
import type { Infrastructure } from './infrastructure.ts';
import { RpcErrorFilter } from './rpc-error-filter.ts';
import { serviceModule } from './service-module.ts';
import type { HttpOptions, ServiceOptions } from './service-options.ts';
import { HandlerTracing } from './handler-tracing.ts';

const REQUEST_MS = 30_000;

/** Headers and bodies that trickle in end in time; by default Node looks for them each half minute alone. */
export const slowRequestLimits = {
  requestTimeout: REQUEST_MS,
  http: { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 1000 },
};

/** A booted module. `port` is that of the public door, where there is one. */
export interface StartedApp {
  readonly port?: number;
  readonly close: () => Promise<void>;
}

/** Boots the service's module: consumers, answers and workers start, then the public door opens. */
export async function startApp<Shape extends z.ZodRawShape>(
  options: ServiceOptions<Shape>,
  infrastructure: Infrastructure,
  config: ServiceConfig<Shape>,
): Promise<StartedApp> {
  const module = serviceModule(options.module, infrastructure, config);
  const common = { logger: new NestLogger(infrastructure.logger), abortOnError: false, bufferLogs: false };
  const strategy = new JetStreamStrategy(infrastructure.messaging);
  if (options.http !== undefined) {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    const adapter = new FastifyAdapter({ ...slowRequestLimits, ...options.http.server });
    const { bodyParser = false } = options.http;
    const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { ...common, bodyParser });
    return startHttpApp(app, { strategy, http: options.http, infrastructure, config });
  }
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, { ...common, strategy });
  prepareHandlers(app);
  await app.listen();
  return { close: () => app.close() };
}

interface HttpAppParts<Shape extends z.ZodRawShape> {
  readonly strategy: JetStreamStrategy;
  readonly http: HttpOptions<Shape>;
  readonly infrastructure: Infrastructure;
  readonly config: ServiceConfig<Shape>;
}

async function startHttpApp<Shape extends z.ZodRawShape>(
  app: NestFastifyApplication,
  door: HttpAppParts<Shape>,
): Promise<StartedApp> {
  const { strategy, http, infrastructure, config } = door;
  const { PORT, HOST = '127.0.0.1' } = config as { PORT?: number; HOST?: string };
  if (PORT === undefined) throw new Error('A service with a public door has httpConfig in its config');
  // A connected microservice is initialised at once: it takes its filters from the application.
  prepareHandlers(app);
  app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
  traceRequests(app.getHttpAdapter().getInstance());
  measureRequests(app, infrastructure);
  await http.configure(app, config);
  await app.startAllMicroservices();
  await app.listen({ port: PORT, host: HOST });
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : PORT;
  return { port, close: () => app.close() };
}

function prepareHandlers(app: INestApplication | INestMicroservice): void {
  app.useGlobalFilters(new RpcErrorFilter('getHttpAdapter' in app ? app.getHttpAdapter() : undefined));
  if (isExporting()) app.useGlobalInterceptors(new HandlerTracing());
}

function measureRequests(app: NestFastifyApplication, { metrics }: Infrastructure): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'none';
      const status = `${Math.floor(reply.statusCode / 100)}xx`;
      metrics.observeMs('http_request', reply.elapsedTime, { method: request.method, route, status });
      done();
    });
}
