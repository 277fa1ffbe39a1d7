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
