import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { Database } from '@parley/database';
import {
  CallBus,
  EventLog,
  EventPublisher,
  Leases,
  LiveBus,
  MessagingRuntime,
  OperationClient,
  Tasks,
} from '@parley/messaging';

import { CONFIG } from '../config/inject-config.ts';
import { GuardedFetch } from '../egress/guarded-fetch.ts';
import { HealthChecks } from '../health/health-checks.ts';
import { Logger } from '../log/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { SecretBox } from '../secrets/secret-box.ts';
import { Clock } from '../time/clock.ts';
import type { Infrastructure } from './infrastructure.ts';

/** Token of the NATS connection in the account of streams, whose type is an interface. */
export const NATS = Symbol('parley.nats');

/** Injects the NATS connection in the account of streams. */
export const InjectNats = (): ParameterDecorator & PropertyDecorator => Inject(NATS);

/** Token of the NATS connection in the account of operations. */
export const OPERATIONS_NATS = Symbol('parley.operations_nats');

/** Injects the NATS connection in the account of operations: requests and live news beside the streams. */
export const InjectOperationsNats = (): ParameterDecorator & PropertyDecorator => Inject(OPERATIONS_NATS);

class InfrastructureModule {}
class ServiceModule {}
Module({})(InfrastructureModule);
Module({})(ServiceModule);

/** The service's module beneath a root whose infrastructure can be injected everywhere by class. */
export function serviceModule(module: Type, infrastructure: Infrastructure, config: object): DynamicModule {
  const providers = infrastructureProviders(infrastructure, config);
  const exported = providers.map((provider) => (provider as { provide: symbol | Type }).provide);
  return {
    module: ServiceModule,
    imports: [{ module: InfrastructureModule, global: true, providers, exports: exported }, module],
  };
}

function infrastructureProviders(infrastructure: Infrastructure, config: object): Provider[] {
  const { messaging, logger, clock, checks, metrics, fetch, secrets, database, nats, operationsNats } =
    infrastructure;
  const values: [symbol | (abstract new (...args: never[]) => unknown), unknown][] = [
    [CONFIG, config],
    [NATS, nats],
    [OPERATIONS_NATS, operationsNats],
    [Logger, logger],
    [Clock, clock],
    [HealthChecks, checks],
    [Metrics, metrics],
    [GuardedFetch, fetch],
    [SecretBox, secrets],
    [Database, database],
    [MessagingRuntime, messaging],
    [EventLog, messaging.events],
    [Tasks, messaging.tasks],
    [Leases, messaging.leases],
    [OperationClient, messaging.client],
    [LiveBus, messaging.live],
    [CallBus, messaging.calls],
    [EventPublisher, messaging.publisher],
  ];
  return values.map(([provide, useValue]) => ({ provide, useValue }) as Provider);
}
