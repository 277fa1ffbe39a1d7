export * from './dead-letters/dead-letters.ts';
export * from './dead-letters/parked.repository.ts';
export * from './errors.ts';
export * from './event-log/event-log.ts';
export * from './event-log/event-publisher.ts';
export * from './kv/key-value-mirror.ts';
export * from './leases/leases.ts';
export * from './live/live-bus.ts';
export * from './logger.ts';
export * from './mechanism/mechanism.migration.ts';
export * from './nats/connection.ts';
export * from './nats/streams.ts';
export * from './nats/outside.ts';
export * from './nats/stream-storage.ts';
export * from './nats/trimmer.ts';
export * from './nats/users.ts';
export { etagOf } from './operations/etag.ts';
export * from './operations/operation-client.ts';
export {
  deriveOperationKeys,
  OperationKeys,
  type StoredOperationKeys,
} from './operations/operation-keys.ts';
export {
  type AnswerCipher,
  type BeforeContext,
  type OperationContext,
  type OperationHandler,
} from './operations/operation-server.ts';
export * from './operations/references.ts';
export { Rejection } from './operations/rejection.ts';
export * from './runner/consumer-runner.ts';
export * from './runner/decorators.ts';
export { type Dedupe } from './runner/dedupe.ts';
export { followLog } from './runner/follow-log.ts';
export { LogReader } from './runner/log-reader.ts';
export * from './runner/strategy.ts';
export * from './runtime.ts';
export * from './tasks/task-worker.ts';
export * from './tasks/tasks.ts';
export * from './tracing.ts';
export type { JsMsg } from '@nats-io/jetstream';
export type { NatsConnection } from '@nats-io/transport-node';
