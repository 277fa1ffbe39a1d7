import { connect, type NatsConnection } from '@nats-io/transport-node';

/** How a process reaches NATS. */
export interface NatsOptions {
  url: string;
  user: string;
  password: string;
  /** Name of the service: shown by the server, and the prefix of its inboxes. */
  name: string;
}

/** Prefix of a service's inboxes: no other service may listen there. */
export function inboxPrefix(name: string): string {
  return `_INBOX_${name.replaceAll('-', '_')}`;
}

/** A service's user in the account of operations; its password is the same. */
export function operationsUser(user: string): string {
  return `${user}-operations`;
}

/** The two connections of a process: streams and buckets, and all that is asked, answered and told beside them. */
export interface NatsConnections {
  streams: NatsConnection;
  operations: NatsConnection;
}

/** Connects to both accounts. */
export async function connectBoth(options: NatsOptions): Promise<NatsConnections> {
  const [streams, operations] = await Promise.all([connectNats(options), connectOperations(options)]);
  return { streams, operations };
}

/** Connects to the account of operations alone. */
export function connectOperations(options: NatsOptions): Promise<NatsConnection> {
  return connectNats({ ...options, user: operationsUser(options.user) });
}

/** Connects and stays: reconnects for ever, each 100 ms with jitter, and notices a silent server within two seconds. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  return connect({
    servers: options.url,
    user: options.user,
    pass: options.password,
    name: options.name,
    inboxPrefix: inboxPrefix(options.name),
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    waitOnFirstConnect: true,
    pingInterval: 1000,
    maxPingOut: 2,
    timeout: 2000,
    noAsyncTraces: true,
  });
}
