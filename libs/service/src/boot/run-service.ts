import { reportTransactionViolations } from '@parley/database';
import type { z } from 'zod';

import type { BaseConfig, ServiceConfig } from '../config/base-config.ts';
import { describeConfig } from '../config/describe-config.ts';
import { ConfigError, loadConfig, serviceSchema } from '../config/load-config.ts';
import { HealthChecks } from '../health/health-checks.ts';
import { HealthServer } from '../health/health-server.ts';
import { createLogger } from '../log/logger.ts';
import type { Logger } from '../log/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { OperationKeys } from '@parley/messaging';

import { MasterKeys } from '../secrets/master-keys.ts';
import { readOperationKeys } from '../secrets/operation-keys.ts';
import { startTracing } from '../tracing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { createInfrastructure } from './infrastructure.ts';
import type { Infrastructure } from './infrastructure.ts';
import { addChecksAndStats } from './checks-and-stats.ts';
import type { ServiceOptions } from './service-options.ts';
import { Shutdown } from './shutdown.ts';
import type { StartedApp } from './start-app.ts';

/**
 * The whole of a service's `src/main.ts`: reads the environment, connects, boots the module, and answers on
 * `HEALTH_PORT`. Ends the process with 1 and one message when it cannot start. `--help-config` prints what it reads.
 */
export async function runService<Shape extends z.ZodRawShape>(options: ServiceOptions<Shape>): Promise<void> {
  if (process.argv.includes('--help-config')) {
    console.log(describeConfig(serviceSchema(options.config)));
    return;
  }
  let read: EnvironmentValues<Shape>;
  try {
    read = readEnvironment(options);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  }
  const { config } = read;
  const logger = createLogger({ name: options.name, level: config.LOG_LEVEL });
  exitOnUncaughtErrors(logger);
  try {
    await start(options, read, logger);
  } catch (error) {
    logger.fatal({ err: error }, 'Service start failed');
    process.exit(1);
  }
}

interface EnvironmentValues<Shape extends z.ZodRawShape> {
  readonly config: ServiceConfig<Shape> & BaseConfig;
  readonly masterKeys: MasterKeys;
  /** What wraps the keys of spaces: the master keys, or those of the service's own. */
  readonly secretsKeys: MasterKeys;
  readonly operationKeys: OperationKeys;
}

function readEnvironment<Shape extends z.ZodRawShape>(
  options: ServiceOptions<Shape>,
): EnvironmentValues<Shape> {
  const problems: string[] = [];
  const collect = <Value>(work: () => Value): Value | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const config = collect(() => loadConfig(options.name, options.config));
  const { MASTER_KEY_FILE, MASTER_KEY, OPERATION_KEYS_FILE, OPERATION_KEYS } = process.env;
  const given = { MASTER_KEY_FILE: MASTER_KEY_FILE || undefined, MASTER_KEY: MASTER_KEY || undefined };
  const masterKeys = collect(() => MasterKeys.fromConfig(options.name, given));
  const secretsKeys = collect(() => readSecretsKeys(options, masterKeys));
  const operationKeys = collect(() =>
    readOperationKeys(options.name, {
      OPERATION_KEYS_FILE: OPERATION_KEYS_FILE || undefined,
      OPERATION_KEYS: OPERATION_KEYS || undefined,
    }),
  );
  if (!config || !masterKeys || !secretsKeys || !operationKeys)
    throw new ConfigError(options.name, [...new Set(problems)]);
  return { config: config as EnvironmentValues<Shape>['config'], masterKeys, secretsKeys, operationKeys };
}

function readSecretsKeys<Shape extends z.ZodRawShape>(
  { name, secretsKey }: ServiceOptions<Shape>,
  masterKeys: MasterKeys | undefined,
): MasterKeys | undefined {
  if (secretsKey === undefined || masterKeys === undefined) return masterKeys;
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  return MasterKeys.fromConfig(name, given, secretsKey).withFallback(masterKeys);
}

async function start<Shape extends z.ZodRawShape>(
  options: ServiceOptions<Shape>,
  { config, masterKeys, secretsKeys, operationKeys }: EnvironmentValues<Shape>,
  logger: Logger,
): Promise<void> {
  const startedAt = performance.now();
  const checks = new HealthChecks();
  const metrics = new Metrics();
  const shutdown = new Shutdown(
    logger,
    options.shutdownMs === undefined ? {} : { deadlineMs: options.shutdownMs },
  );
  shutdown.listen();
  const health = new HealthServer({ service: options.name, checks, metrics });
  const healthPort = await health.listen(config.HEALTH_PORT, config.HEALTH_HOST);
  // Nest loads while NATS answers.
  const nest = import('./start-app.ts');
  const tracing = await startTracing(options.name, config.OTEL_EXPORTER_OTLP_ENDPOINT);
  const { name, process: kind, domain, buckets } = options;
  const base = { name, process: kind, domain, buckets, config, logger, checks, metrics };
  const parts = { ...base, masterKeys, secretsKeys, operationKeys };
  reportTransactionViolations((error) =>
    logger.error({ err: error }, 'Work outside the database ran inside an open transaction'),
  );
  const infrastructure = await createInfrastructure(parts);
  addChecksAndStats(infrastructure, options.readyWithout ?? []);
  const { startApp } = await nest;
  const app = await startApp(options, infrastructure, config);
  planShutdown(shutdown, { app, health, infrastructure, tracing });
  checks.started();
  const milliseconds = Math.round(performance.now() - startedAt);
  logger.info({ milliseconds, healthPort, port: app.port }, 'Service started');
  setTimeout(() => void metrics.load(), 1_000).unref();
}

interface RunningService {
  readonly app: StartedApp;
  readonly health: HealthServer;
  readonly infrastructure: Infrastructure;
  readonly tracing: Tracing;
}

function planShutdown(shutdown: Shutdown, { app, health, infrastructure, tracing }: RunningService): void {
  const { checks, metrics, database, runner, nats, operationsNats, fetch } = infrastructure;
  shutdown.plan([
    { name: 'readiness', run: () => checks.stopping() },
    { name: 'application', run: app.close },
    { name: 'outgoing requests', run: () => fetch.close() },
    { name: 'nats', run: () => Promise.all([operationsNats.drain(), nats.drain()]) },
    { name: 'postgresql', run: () => Promise.all([database.close(), runner.close()]) },
    { name: 'traces', run: () => tracing.stop() },
    { name: 'metrics', run: () => metrics.stop() },
    { name: 'health', run: () => health.close() },
  ]);
}

// What nobody caught is a defect: the state is unknown, and the supervisor starts the process again.
function exitOnUncaughtErrors(logger: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error, event }, 'Uncaught error, exiting');
      process.exit(1);
    });
  }
}
