import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  listEvents,
  type LiveMessage,
  type Principal,
  type ServerFrame,
  tooManyRequests,
  unauthorized,
  unavailable,
} from '@parley/contracts';
import type { LiveBus, OperationClient } from '@parley/messaging';
import { ClientAddresses, createLogger } from '@parley/service';
import { until } from '@parley/testing';
import { WebSocket } from 'ws';
import type { ChannelDirectory, KnownChannel } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';
import { AuthService } from '../http/auth.service.ts';
import type { RateLimits } from '../http/rate-limits.service.ts';
import type { AccessFeed } from './access-feed.ts';
import type { BridgeAdapter } from './bridge.adapter.ts';
import type { ConversationFeed } from './conversation-feed.ts';
import type { InboxFeed } from './inbox-feed.ts';
import { RealtimeSocket } from './realtime.socket.ts';

const origin = 'https://shop.example';
const WITHIN_MS = 2000;

/** One client, and what it heard. */
class Client {
  readonly frames: ServerFrame[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly socket: WebSocket;

  constructor(url: string) {
    this.socket = new WebSocket(url, { headers: { origin } });
    this.socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as ServerFrame));
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.socket.on('error', () => undefined);
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  of<Type extends ServerFrame['type']>(type: Type): Extract<ServerFrame, { type: Type }>[] {
    return this.frames.filter((frame) => frame.type === type) as Extract<ServerFrame, { type: Type }>[];
  }

  ended(): Promise<{ code: number; reason: string }> {
    return until('the socket is closed', () => this.closed, WITHIN_MS);
  }
}

describe('A socket of the gateway', () => {
  const channels = new Map<string, Partial<KnownChannel>>();
  const listeners = new Set<(id: string) => void>();
  const clients: Client[] = [];
  const accessListeners = new Set<(id: string) => void>();
  let isIdentityAway = false;
  let wrongCredentials = 0;
  let door: Server;
  let sockets: RealtimeSocket;
  let url = '';

  const directory = {
    find: (id: string) => channels.get(id),
    onChange: (listener: (id: string) => void) => listeners.add(listener),
  } as unknown as ChannelDirectory;
  const operations = {
    request: async (definition: { name: string }, { credential }: { credential: string }) => {
      if (definition.name === listEvents.name)
        return { body: { data: [], lastSequence: 0, nextCursor: null } };
      if (isIdentityAway) throw unavailable('Identity is away.');
      if (!/^vis|^key/.test(credential)) throw unauthorized();
      const principal: Principal = credential.startsWith('vis')
        ? { type: 'visitor', id: credential, channelId: 'chan_1', spaces: { space_1: 'visitor' } }
        : {
            ...{ type: 'api_key', id: credential, keyId: credential, spaces: { space_1: 'agent' } },
            name: credential.startsWith('key_own') ? 'Helper' : 'Secret key name',
            ...(credential.startsWith('key_own') ? { accountId: 'acc_helper' } : {}),
          };
      return { body: { principal } };
    },
  } as unknown as OperationClient;

  const hearers = new Set<(news: LiveMessage) => void>();
  const live = {
    subscribe: (_spaceId: string, _conversationId: string, hear: (news: LiveMessage) => void) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    publish: (_spaceId: string, _conversationId: string, news: LiveMessage) => {
      for (const hear of hearers) hear(news);
    },
  };

  function setChannel(change: Partial<KnownChannel> | null): void {
    const known: Partial<KnownChannel> = {
      ...{ id: 'chan_1', spaceId: 'space_1', deploymentType: 'WEB', status: 'active' },
      ...{ channelIdentifier: origin, configuration: {} },
    };
    if (change) channels.set('chan_1', { ...known, ...change });
    else channels.delete('chan_1');
    for (const listener of listeners) listener('chan_1');
  }

  beforeAll(async () => {
    setChannel({});
    const counts = { SOCKETS_MAX: 60, SOCKETS_PENDING_MAX: 30, SOCKETS_PENDING_PER_ADDRESS: 12 };
    const access = { listen: (one: (id: string) => void) => accessListeners.add(one) };
    const bridge = { takes: () => false };
    const limits = {
      requireAddress: () => {
        if (wrongCredentials >= 5) throw tooManyRequests('This address is over its limit.', 1);
      },
      takeAddress: () => (wrongCredentials += 1),
    };
    sockets = new RealtimeSocket(
      new AuthService(operations, directory),
      { listen: () => () => undefined, onGap: () => () => undefined } as unknown as ConversationFeed,
      operations,
      live as unknown as LiveBus,
      directory,
      {} as InboxFeed,
      access as unknown as AccessFeed,
      bridge as unknown as BridgeAdapter,
      new ClientAddresses(),
      limits as unknown as RateLimits,
      createLogger({ name: 'sockets-spec', level: 'silent' }),
      { PORT: 8080, ...counts } as GatewayConfig,
    );
    sockets.onModuleInit();
    door = createServer((_request, response) => response.end('ok'));
    sockets.attach(door);
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    url = `ws://127.0.0.1:${(door.address() as AddressInfo).port}/ws/realtime`;
  });
  afterEach(async () => {
    isIdentityAway = false;
    for (const { socket } of clients.splice(0)) socket.terminate();
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  afterAll(() => new Promise((resolve) => door.close(resolve)));

  async function open(): Promise<Client> {
    const client = new Client(url);
    clients.push(client);
    await until('it is open or refused', () => client.socket.readyState !== WebSocket.CONNECTING);
    return client;
  }

  async function authenticated(token: string): Promise<Client> {
    const client = await open();
    client.send({ type: 'authenticate', token });
    await until('it is ready', () => client.of('ready')[0] ?? client.closed);
    return client;
  }

  it.each<[string, string]>([
    ['pings', '{"type":"ping"}'],
    ['frames of no type', '{}'],
    ['no JSON', 'x'],
  ])('is closed over a flood of %s, and the door answers all the while', async (_what, frame) => {
    const client = await authenticated('vis_flood');
    const flood = setInterval(() => {
      if (client.socket.bufferedAmount < 1_000_000) for (let no = 0; no < 400; no += 1) client.send(frame);
    }, 10);
    const answeredIn = await answersUntil(() => client.closed !== null);
    clearInterval(flood);
    expect(await client.ended()).toEqual({ code: 4429, reason: expect.stringMatching(/^Too many frames/) });
    expect(client.of('error').length).toBeGreaterThan(0);
    expect(client.of('error').length).toBeLessThanOrEqual(60);
    expect(answeredIn).toBeLessThan(250);
  });

  /** Milliseconds in which nine of ten plain requests are answered; the flood itself runs in this process, too. */
  async function answersUntil(isOver: () => boolean): Promise<number> {
    const times: number[] = [];
    for (const end = performance.now() + WITHIN_MS; !isOver() && performance.now() < end; ) {
      const began = performance.now();
      await (await fetch(url.replace('ws:', 'http:'))).text();
      times.push(performance.now() - began);
    }
    return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.9)] ?? Infinity;
  }

  it('answers a burst in its order without refusing any of it', async () => {
    const client = await authenticated('key_burst');
    for (let no = 0; no < 80; no += 1) client.send({ type: 'ping' });
    await until('all are answered', () => client.of('pong').length === 80, 5000);
    expect(client.of('error')).toEqual([]);
  });

  it.each([
    ['an API key', 'key_bare', 'Somebody'],
    ['a service account', 'key_own', 'Helper'],
    ['a visitor', 'vis_typing', 'The visitor'],
  ])('shows %s as typing under a name that outsiders may see', async (_what, token, name) => {
    const conversationId = 'conv_1';
    const followers = await Promise.all([token, 'vis_reads', 'key_reads'].map(authenticated));
    for (const client of followers) {
      client.send({ type: 'subscribe', conversationId });
      await until('it follows', () => client.of('caught_up')[0]);
    }
    const [own, ...others] = followers;
    own?.send({ type: 'typing', conversationId });
    for (const client of others)
      expect(await until('it is told', () => client.of('typing')[0])).toEqual({
        ...{ type: 'typing', conversationId, name },
      });
    expect(own?.of('typing')).toEqual([]);
  });

  it('of a visitor shares its frames with the other ones of that visitor', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => authenticated('vis_shared')));
    for (const client of all) for (let no = 0; no < 50; no += 1) client.send({ type: 'ping' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const answered = all.reduce((sum, client) => sum + client.of('pong').length, 0);
    expect(answered).toBeGreaterThanOrEqual(120);
    expect(answered).toBeLessThan(160);
  });

  it('is turned away with 4429 while twelve of its address have not authenticated', async () => {
    const silent = await Promise.all(Array.from({ length: 12 }, open));
    const late = await open();
    expect(await late.ended()).toEqual({ code: 4429, reason: expect.stringContaining('Too many') });
    expect(silent.every(({ closed }) => closed === null)).toBe(true);
    silent[0]?.send({ type: 'authenticate', token: 'key_one' });
    await until('it is ready', () => silent[0]?.of('ready')[0]);
    expect((await open()).closed).toBeNull();
  });

  it('is turned away when its visitor has twenty already', async () => {
    for (let no = 0; no < 20; no += 1) await authenticated('vis_many');
    const late = await authenticated('vis_many');
    expect((await late.ended()).code).toBe(4429);
    expect((await authenticated('vis_other')).of('ready')).toHaveLength(1);
  });

  it('keeps what comes before it is known, up to a bound', async () => {
    const client = await open();
    client.send({ type: 'authenticate', token: 'vis_early' });
    for (let no = 0; no < 10; no += 1) client.send({ type: 'ping' });
    await until('all are answered', () => client.of('pong').length === 10);
    expect(client.frames[0]).toEqual({ type: 'ready' });
    const flooding = await open();
    for (let no = 0; no < 5000; no += 1) flooding.send({ type: 'authenticate', token: 'vis_early' });
    expect((await flooding.ended()).code).toBe(4429);
  });

  it('is told to come again while identity is away, not that its token is wrong', async () => {
    isIdentityAway = true;
    const client = await authenticated('vis_away');
    expect((await client.ended()).code).toBe(1013);
    isIdentityAway = false;
    expect((await (await authenticated('wrong')).ended()).code).toBe(4401);
  });

  it('is refused before its credential is looked up when its address has tried too many', async () => {
    wrongCredentials = 0;
    for (let no = 0; no < 5; no += 1)
      expect((await (await authenticated(`wrong ${no}`)).ended()).code).toBe(4401);
    expect((await (await authenticated('wrong 6')).ended()).code).toBe(4429);
    wrongCredentials = 0;
  });

  it.each<[string, Partial<KnownChannel> | null]>([
    ['deactivated', { status: 'inactive' }],
    ['deleted', null],
  ])('of a visitor ends when its channel is %s, and comes back with it', async (_what, change) => {
    const client = await authenticated('vis_ends');
    const member = await authenticated('key_stays');
    setChannel(change);
    expect((await client.ended()).code).toBe(4401);
    expect((await (await authenticated('vis_ends')).ended()).code).toBe(4401);
    setChannel({});
    expect((await authenticated('vis_ends')).of('ready')).toHaveLength(1);
    expect(member.closed).toBeNull();
  });
});
