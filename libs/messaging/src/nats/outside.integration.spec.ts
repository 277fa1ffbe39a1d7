import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { domainOwners, domains } from '@parley/contracts';
import { findNatsServer, freePort, type ServerProcess, startNatsServer } from '@parley/testing';
import { eventually } from '../../test/bench.ts';
import { connectNats } from './connection.ts';
import {
  generateOutsideKey,
  ensureOutsideStream,
  outsideOperator,
  type OutsideSpace,
  reloadAccounts,
} from './outside.ts';
import { ensureStreams } from './streams.ts';
import { natsServerConfig, outsideConfig } from './users.ts';

describe('an outside consumer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-outside-'));
  const connections: NatsConnection[] = [];
  const keys = { a: generateOutsideKey(), b: generateOutsideKey() };
  let url: string;
  let server: ServerProcess;
  let gateway: NatsConnection;

  const open = async (user: string, password = 'x'): Promise<NatsConnection> => {
    const nats = await connectNats({ url, user, password, name: user });
    connections.push(nats);
    return nats;
  };
  const consumer = async (seed: string): Promise<NatsConnection> => {
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
    const nats = await connect({ servers: url, authenticator, reconnect: false });
    connections.push(nats);
    return nats;
  };
  const reload = (): Promise<void> => reloadAccounts(() => process.kill(server.pid, 'SIGHUP'));
  const writeSpaces = (spaces: readonly OutsideSpace[]): void =>
    writeFileSync(join(folder, 'outside.conf'), outsideConfig(spaces, '"x"'));
  const spaceOf = (spaceId: string, publicKey: string): OutsideSpace => ({
    spaceId,
    users: [{ name: 'warehouse', publicKey, createdAt: new Date().toISOString() }],
  });
  /** Subjects that a consumer of the stream gets, once there are so many. */
  const subjectsOf = async (nats: NatsConnection, count: number): Promise<string[]> => {
    const found: string[] = [];
    const reader = await jetstream(nats).consumers.get('EVENTS');
    await eventually('the events are there', async () => {
      for await (const message of await reader.fetch({ max_messages: 10, expires: 1000 }))
        found.push(message.subject);
      return found.length >= count;
    });
    return found.map((subject) => subject.replace(/\.\d+$/u, ''));
  };

  beforeAll(async () => {
    const port = await freePort();
    url = `nats://127.0.0.1:${port}`;
    const services = domains.map((domain) => ({ user: domainOwners[domain], password: 'x', domain }));
    const users = [{ user: 'operator', password: 'x' }, ...services];
    const options = { users, storeDir: join(folder, 'store'), port, outsideFile: 'outside.conf' };
    writeSpaces([]);
    server = await startNatsServer({
      ...{ program: await findNatsServer(), configFile: join(folder, 'nats.conf'), port },
      config: natsServerConfig(options),
    });
    await ensureStreams(await open('operator'), { partitions: 4, maxBytes: 64 * 1024 ** 2 });
    gateway = await open('channel-gateway');
    const client = jetstream(gateway);
    await client.publish('channel.message_received.space_a.chan_1', '{"n":1}');
    await client.publish('channel.message_received.space_b.chan_2', '{"n":2}');
    // The server that runs takes the accounts without a restart.
    writeSpaces([spaceOf('space_a', keys.a.publicKey), spaceOf('space_b', keys.b.publicKey)]);
    await reload();
    await consumer(keys.b.seed);
    for (const spaceId of ['space_a', 'space_b']) {
      const operator = await open(outsideOperator(spaceId));
      await ensureOutsideStream(operator, spaceId);
      await ensureOutsideStream(operator, spaceId);
    }
  });

  afterAll(async () => {
    await Promise.all(connections.map((nats) => nats.close()));
    await server.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('reads the events of its space, older ones too, and of no other', async () => {
    const client = jetstream(gateway);
    await client.publish('channel.status_changed.space_a.chan_1', '{}');
    await client.publish('channel.status_changed.space_b.chan_2', '{}');
    await jetstream(await open('conversation')).publish('conversation.created.space_a.conv_1', '{}');
    await jetstream(await open('identity')).publish('identity.account_created._.acc_1', '{}');
    const seen = await subjectsOf(await consumer(keys.a.seed), 3);
    expect(seen.sort()).toEqual([
      'channel.message_received.space_a.chan_1',
      'channel.status_changed.space_a.chan_1',
      'conversation.created.space_a.conv_1',
    ]);
    expect((await subjectsOf(await consumer(keys.b.seed), 2)).sort()).toEqual([
      'channel.message_received.space_b.chan_2',
      'channel.status_changed.space_b.chan_2',
    ]);
  });

  it('publishes nothing, hears nothing else and changes no stream', async () => {
    const nats = await consumer(keys.a.seed);
    const refused = new Set<string>();
    void (async () => {
      for await (const status of nats.status()) {
        const text = status.type === 'error' ? status.error.message : '';
        const [, subject] = /(?:Publish|Subscription) to "([^"]+)"/iu.exec(text) ?? [];
        if (subject) refused.add(subject);
      }
    })();
    const publishes = [
      ...domains.map((domain) => `${domain}.x.space_a.k`),
      ...['operation.identity.create_api_key', 'live.space_a.conv_1', 'outside.space_a.x', '$KV.channels.x'],
      ...['STREAM.DELETE.EVENTS', 'STREAM.PURGE.EVENTS', 'STREAM.UPDATE.EVENTS', 'STREAM.CREATE.MORE'].map(
        (verb) => `$JS.API.${verb}`,
      ),
      ...['CONSUMER.CREATE.CONVERSATION', 'STREAM.INFO.CONVERSATION', 'DIRECT.GET.KV_channels'].map(
        (verb) => `$JS.API.${verb}`,
      ),
      // Neither its own part of the streams' interface nor another's.
      'SOURCE.API.CONSUMER.CREATE.CONVERSATION.c.conversation.*.space_a.>',
      'SOURCE.API.CONSUMER.CREATE.CONVERSATION.c.conversation.*.space_b.>',
      '$JS.FC.CONVERSATION.x',
    ];
    for (const subject of publishes) nats.publish(subject, '{}');
    const listens = ['>', 'conversation.>', 'operation.>', 'live.>', 'outside.>'];
    for (const pattern of listens) nats.subscribe(pattern, { callback: () => undefined });
    await nats.flush();
    await nats.flush();
    expect([...publishes, ...listens].filter((subject) => !refused.has(subject))).toEqual([]);
  });

  it('has an account that can source its own space alone', async () => {
    // Not even the operator of the account reaches the events of another space.
    const operator = await open(outsideOperator('space_a'));
    const create = (spaceId: string) =>
      operator.request(
        `SOURCE.API.CONSUMER.CREATE.CHANNEL.c.channel.*.${spaceId}.>`,
        JSON.stringify({
          stream_name: 'CHANNEL',
          config: {
            ...{ name: 'c', filter_subject: `channel.*.${spaceId}.>`, ack_policy: 'none' },
            ...{ deliver_subject: 'outside.space_a.c', inactive_threshold: 5_000_000_000 },
          },
        }),
        { timeout: 1000 },
      );
    await expect(create('space_b')).rejects.toThrow();
    await expect(create('*')).rejects.toThrow();
    expect((await create('space_a')).json()).not.toHaveProperty('error');
    const manager = await jetstreamManager(operator);
    const names: string[] = [];
    for await (const { config } of manager.streams.list()) names.push(config.name);
    expect(names).toEqual(['EVENTS']);
  });

  it('is let in no more once it is revoked, while services stay connected', async () => {
    const nats = await consumer(keys.a.seed);
    writeSpaces([{ spaceId: 'space_a', users: [] }, spaceOf('space_b', keys.b.publicKey)]);
    await reload();
    await nats.closed();
    await expect(consumer(keys.a.seed)).rejects.toThrow(/authorization/iu);
    await jetstream(gateway).publish('channel.status_changed.space_b.chan_2', '{}');
    expect(await subjectsOf(await consumer(keys.b.seed), 3)).toHaveLength(3);
  });
});
