// What a process of one call needs, without what only services load: each call has a process, so each module counts.
export * from './event-log/event-publisher.ts';
export * from './live/live-bus.ts';
export * from './nats/connection.ts';
export * from './operations/operation-client.ts';
export { OperationKeys } from './operations/operation-keys.ts';
export { followLog } from './runner/follow-log.ts';
export type { JsMsg } from '@nats-io/jetstream';
export type { NatsConnection } from '@nats-io/transport-node';
