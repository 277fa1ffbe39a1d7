import { randomUUID } from 'node:crypto';

import { createDatabase } from '@parley/database';
import type { Database } from '@parley/database';
import { connectBoth, MessagingRuntime } from '@parley/messaging';
import type { NatsConnection, OperationKeys } from '@parley/messaging';

import type { BaseConfig } from '../config/base-config.ts';
import { GuardedFetch } from '../egress/guarded-fetch.ts';
import { HealthChecks } from '../health/health-checks.ts';
import type { Logger } from '../log/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { MasterKeys } from '../secrets/master-keys.ts';
import { SecretBox } from '../secrets/secret-box.ts';
import { SpaceKeyRepository } from '../secrets/space-key.repository.ts';
import { SystemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';

/** All that a service stands on, made once before its modules. */
export interface Infrastructure {
  readonly config: BaseConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly checks: HealthChecks;
  readonly metrics: Metrics;
  readonly fetch: GuardedFetch;
  readonly secrets: SecretBox;
  readonly database: Database<unknown>;
  readonly runner: Database<unknown>;
  /** In the account of streams. */
  readonly nats: NatsConnection;
  /** In the account of operations. */
  readonly operationsNats: NatsConnection;
  readonly messaging: MessagingRuntime;
}

/** What infrastructure is made from. */
export interface InfrastructureParts {
  readonly name: string;
  readonly process?: string | undefined;
  readonly domain: string;
  readonly buckets?: readonly string[];
  readonly config: BaseConfig;
  readonly logger: Logger;
  readonly masterKeys: MasterKeys;
  /** What wraps the keys of spaces; the master keys when absent. */
  readonly secretsKeys?: MasterKeys;
  readonly operationKeys: OperationKeys;
  readonly checks: HealthChecks;
  readonly metrics: Metrics;
}

const RUNNER_CONNECTIONS = 6;
const NATS_WARNING_MS = 3_000;

/** Connects to NATS, which is waited for; PostgreSQL is connected to with the first statement. */
export async function createInfrastructure(parts: InfrastructureParts): Promise<Infrastructure> {
  const { name, domain, config, logger, masterKeys, checks, metrics } = parts;
  const { streams: nats, operations: operationsNats } = await connectWithWarning(logger, () =>
    connectBoth({ url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD, name }),
  );
  const onError = (error: Error) => logger.warn({ err: error }, 'Idle PostgreSQL connection lost');
  const pool = { applicationName: `${name}-${randomUUID().slice(0, 8)}`, onError };
  const database = createDatabase<unknown>({
    ...pool,
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
  });
  const runner = createDatabase<unknown>({
    ...pool,
    url: config.DATABASE_RUNNER_URL,
    poolSize: RUNNER_CONNECTIONS,
  });
  const cipher = {
    seal: (text: string) => masterKeys.seal(text, 'command_answer'),
    open: (sealed: string) => masterKeys.open(sealed, 'command_answer'),
  };
  const { buckets = [] } = parts;
  const messaging = new MessagingRuntime({
    service: name,
    process: parts.process,
    isHealthy: async () => (await checks.readiness()).status === 'ok',
    domain,
    nats,
    operationsNats,
    database,
    runner,
    logger,
    cipher,
    keys: parts.operationKeys,
    buckets,
  });
  return {
    config,
    logger,
    clock: new SystemClock(),
    checks,
    metrics,
    fetch: new GuardedFetch(config.EGRESS_ALLOW),
    secrets: new SecretBox(parts.secretsKeys ?? masterKeys, new SpaceKeyRepository()),
    database,
    runner,
    nats,
    operationsNats,
    messaging,
  };
}

// The connection is waited for without end; the operator learns of it from one line.
async function connectWithWarning<Result>(logger: Logger, connect: () => Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => {
    logger.warn('NATS is unreachable at NATS_URL, waiting for it');
  }, NATS_WARNING_MS);
  try {
    return await connect();
  } finally {
    clearTimeout(timer);
  }
}
