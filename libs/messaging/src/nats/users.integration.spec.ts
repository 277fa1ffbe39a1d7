import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Domain, domainOwners, domains } from '@parley/contracts';
import { findNatsServer, freePort, type ServerProcess, startNatsServer } from '@parley/testing';
import { eventually } from '../../test/bench.ts';
import { silentLogger } from '../logger.ts';
import { LiveBus } from '../live/live-bus.ts';
import { KeyValueMirror } from '../kv/key-value-mirror.ts';
import { LogReader } from '../runner/log-reader.ts';
import { PositionBoard } from '../runner/position-board.ts';
import { connectNats } from './connection.ts';
import { channelBucket, ensureStreams, streamIdentity } from './streams.ts';
import { natsServerConfig } from './users.ts';

describe('users of NATS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-users-'));
  const connections: NatsConnection[] = [];
  let url: string;
  let server: ServerProcess;
  let monitorPort: number;
  let operator: NatsConnection;

  const open = async (
    name: string,
    user: string,
    password = `secret of ${user}`,
  ): Promise<NatsConnection> => {
    const nats = await connectNats({ url, user, password, name });
    connections.push(nats);
    return nats;
  };
  const as = (domain: Domain): Promise<NatsConnection> => open(domainOwners[domain], domain);

  beforeAll(async () => {
    const port = await freePort();
    monitorPort = await freePort();
    url = `nats://127.0.0.1:${port}`;
    const users = [
      { user: 'operator', password: 'secret of operator' },
      ...domains.map((domain) => ({ user: domain, password: `secret of ${domain}`, domain })),
    ];
    const config = natsServerConfig({ users, storeDir: join(folder, 'store'), port, monitorPort });
    const program = await findNatsServer();
    server = await startNatsServer({ program, configFile: join(folder, 'nats.conf'), config, port });
    operator = await open('set-up', 'operator');
    await ensureStreams(operator, { partitions: 4 });
  });

  afterAll(async () => {
    await Promise.all(connections.map((nats) => nats.close()));
    await server.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** What the server says to a publish, or null when it lets it through. */
  async function refusal(nats: NatsConnection, subject: string): Promise<string | null> {
    const said = new Promise<string>((resolve) => {
      void (async () => {
        for await (const status of nats.status())
          if (status.type === 'error') return resolve(String(status.error.message));
      })();
    });
    nats.publish(subject, '{}');
    await nats.flush();
    return Promise.race([said, new Promise<null>((resolve) => setTimeout(() => resolve(null), 50))]);
  }

  async function heard(nats: NatsConnection, pattern: string): Promise<boolean> {
    const subscription = nats.subscribe(pattern);
    const refused = (async () => {
      try {
        for await (const _message of subscription) return false;
        return false;
      } catch {
        return true;
      }
    })();
    await nats.flush();
    const silent = new Promise<false>((resolve) => setTimeout(() => resolve(false), 100));
    const was = await Promise.race([refused, silent]);
    subscription.unsubscribe();
    return !was;
  }

  it('are refused without the right password', async () => {
    const monitor = (await (await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).json()) as {
      status: string;
    };
    expect(monitor.status).toBe('ok');
    const { connect } = await import('@nats-io/transport-node');
    const wrong = connect({ servers: url, user: 'flow', pass: 'wrong', reconnect: false });
    await expect(wrong).rejects.toThrow(/authorization/iu);
  });

  it('publish the facts of their own domain alone', async () => {
    for (const domain of domains) {
      const nats = await as(domain);
      for (const foreign of domains) {
        const said = await refusal(nats, `${foreign}.x.space_a.k`);
        if (foreign === domain) expect(said).toBeNull();
        else expect(said).toMatch(/permissions violation/iu);
      }
    }
  });

  it('ask operations as the gateway alone, and answer those of their own domain', async () => {
    const [gateway, conversation, flow] = await Promise.all([as('channel'), as('conversation'), as('flow')]);
    conversation.subscribe('operation.conversation.look', {
      callback: (_error, message) => {
        message.respond('seen');
      },
    });
    await conversation.flush();
    const answer = await gateway.request('operation.conversation.look', '', { timeout: 1000 });
    expect(answer.string()).toBe('seen');
    expect(await refusal(flow, 'operation.conversation.look')).toMatch(/permissions violation/iu);
    expect(await heard(flow, 'operation.conversation.look')).toBe(false);
    expect(await heard(flow, 'operation.flow.look')).toBe(true);
  });

  it('hear nobody else’s answers or facts beside the streams', async () => {
    const flow = await as('flow');
    for (const pattern of ['_INBOX_channel_gateway.>', '_INBOX.>', '>', 'conversation.>', '$KV.>'])
      expect(await heard(flow, pattern)).toBe(false);
    expect(await heard(flow, '_INBOX_flow_engine.>')).toBe(true);
  });

  it('read every stream, tell their positions and hear live news', async () => {
    const flow = await as('flow');
    const { epoch } = await streamIdentity(flow, 'CONVERSATION');
    await jetstream(await as('conversation')).publish('conversation.x.space_a.k', '{}');
    const signal = new AbortController();
    const reader = new LogReader(flow, {
      stream: 'CONVERSATION',
      subjects: ['conversation.*.*.*.*'],
      from: 1,
      signal: signal.signal,
    });
    await reader.open();
    expect(await reader.take(10, 2000)).not.toHaveLength(0);
    signal.abort();
    const where = {
      consumer: 'x.CONVERSATION',
      stream: 'CONVERSATION',
      partition: 0,
      streamEpoch: epoch,
      leaseEpoch: 1,
    };
    await new PositionBoard(flow, 'flow-engine', silentLogger).report(where, 7);
    const told = await (await new Kvm(operator).open('positions')).get(
      'CONVERSATION.flow-engine.x_CONVERSATION.0',
    );
    expect(told?.json()).toEqual({ epoch, position: 7 });
    const gateway = new LiveBus(await as('channel'));
    const news: unknown[] = [];
    gateway.subscribe('space_a', 'conv_1', (one) => news.push(one));
    await connections.at(-1)?.flush();
    new LiveBus(flow).publish('space_a', 'conv_1', { type: 'typing' } as never);
    await eventually('the news has come', () => news.length === 1);
  });

  it('trim their own streams, and no others', async () => {
    const flow = await as('flow');
    const manager = await jetstreamManager(flow, { timeout: 300, checkAPI: false });
    await expect(manager.streams.purge('FLOW', { seq: 1 })).resolves.toMatchObject({ success: true });
    await expect(manager.streams.purge('CONVERSATION', { seq: 1 })).rejects.toThrow();
    await expect(manager.streams.delete('FLOW')).rejects.toThrow();
  });

  it('know the channels, which the gateway alone writes', async () => {
    const gateway = await as('channel');
    const bucket = await new Kvm(gateway).open(channelBucket);
    await bucket.put('chan_1', JSON.stringify({ version: 1, value: { name: 'one' } }));
    const mirror = new KeyValueMirror<{ name: string }>(gateway, channelBucket, silentLogger);
    await mirror.open();
    expect(mirror.get('chan_1')).toEqual({ name: 'one' });
    mirror.close();
    expect(await refusal(await as('flow'), `$KV.${channelBucket}.chan_1`)).toMatch(/permissions violation/iu);
  });
});
