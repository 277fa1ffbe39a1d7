import { createFlow, type Graph, publishFlow, setUpChannel } from '@parley/contracts';
import type pg from 'pg';
import { type Servers, startFloor } from './floor.ts';
import type { Installation } from './installation.ts';
import { Published } from './published.ts';
import type { Door } from './shots.ts';

/** One side of a comparison: where to send, what it published, what it stored. */
export interface Side {
  door: Door;
  published: Published;
  stored(): Promise<number>;
  /** Gathers the planner's statistics, as autovacuum would within its first minute. */
  analyze(): Promise<unknown>;
  stop(): Promise<void>;
}

const FLOOR_OUTPUT = {
  stream: 'FLOOR_OUT',
  subject: 'floor_out.posted.*',
  read: (data: unknown) => data as { id: string; conversation: string; sequence: number },
};

const OUR_OUTPUT = {
  stream: 'CONVERSATION',
  subject: 'conversation.message_posted.>',
  read: (data: unknown) => {
    const { message } = data as { message: { id: string; conversationId: string; sequence: number } };
    return { id: message.id, conversation: message.conversationId, sequence: message.sequence };
  },
};

async function count(database: pg.Client, table: string): Promise<number> {
  const { rows } = await database.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
  return Number(rows[0]?.count ?? 0);
}

/** The hand-written floor of the same hops in two processes. */
export async function floorSide(servers: Servers, callbackUrl?: string): Promise<Side> {
  const options = callbackUrl === undefined ? {} : { callbackUrl };
  const floor = await startFloor(servers, ['worker', 'intake'], options);
  return {
    door: { port: floor.port, path: '/', secret: null },
    published: new Published(servers.nats, FLOOR_OUTPUT),
    stored: () => count(servers.database, 'bench_floor.message'),
    analyze: () => servers.database.query('ANALYZE'),
    stop: () => floor.stop(),
  };
}

/** The usual request path: everything in the request, one transaction a message. */
export async function requestPathSide(servers: Servers): Promise<Side> {
  const floor = await startFloor(servers, ['request-path']);
  return {
    door: { port: floor.port, path: '/', secret: null },
    published: new Published(servers.nats, FLOOR_OUTPUT),
    stored: () => count(servers.database, 'bench_floor.message'),
    analyze: () => servers.database.query('ANALYZE'),
    stop: () => floor.stop(),
  };
}

/** Makes and publishes a flow. */
export async function makeFlow({ client, demo }: Installation, draft: Graph): Promise<string> {
  const { spaceId } = demo;
  const { id: flowId } = await client.call(createFlow, { spaceId, name: 'Bench', draft });
  await client.call(publishFlow, { spaceId, flowId });
  return flowId;
}

/** Asks for a person at once: what comes after is stored and published, and nobody answers it. */
export const handOffAtOnce: Graph = {
  start: 'handoff',
  steps: [{ id: 'handoff', type: 'handoff', settings: {}, outcomes: {} }],
};

/** Makes a custom channel, and says where its webhooks go. */
export async function openDoor(
  installation: Installation,
  answers: { callbackUrl?: string; target: { flowId: string } | { agentId: string } },
): Promise<Door> {
  const { channel, credentials } = await installation.client.call(setUpChannel, {
    spaceId: installation.demo.spaceId,
    channel: {
      deploymentType: 'CUSTOM',
      channelName: 'Bench',
      channelIdentifier: `bench-${Date.now()}`,
      configuration: answers.callbackUrl === undefined ? {} : { callbackUrl: answers.callbackUrl },
    },
    target: answers.target,
  });
  const secret = credentials?.webhookSecret ?? '';
  return { port: installation.port, path: `/api/v1/webhooks/custom/${channel.id}`, secret };
}

/** The product: a custom channel of its own with its flow, answered where there is a callback. */
export async function ourSide(
  servers: Servers,
  { flowId, callbackUrl }: { flowId: string; callbackUrl?: string },
): Promise<Side> {
  const callback = callbackUrl === undefined ? {} : { callbackUrl };
  return {
    door: await openDoor(servers.installation, { ...callback, target: { flowId } }),
    published: new Published(servers.nats, OUR_OUTPUT),
    stored: () => count(servers.database, 'conversation.message'),
    analyze: () => servers.database.query('ANALYZE'),
    stop: () => Promise.resolve(),
  };
}
