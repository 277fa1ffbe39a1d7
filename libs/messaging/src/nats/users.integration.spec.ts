import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { allOperations, type Domain, domainOwners, domains, streamName } from '@parley/contracts';
import { findNatsServer, freePort, type ServerProcess, startNatsServer } from '@parley/testing';
import { eventually } from '../../test/bench.ts';
import { silentLogger } from '../logger.ts';
import { LiveBus } from '../live/live-bus.ts';
import { KeyValueMirror } from '../kv/key-value-mirror.ts';
import { LogReader } from '../runner/log-reader.ts';
import { PositionReporter } from '../runner/position-reporter.ts';
import { connectNats, operationsUser } from './connection.ts';
import { Trimmer } from './trimmer.ts';
import { channelBucket, ensureStreams, streamIdentity } from './streams.ts';
import { natsServerConfig, operationPermissions } from './users.ts';

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
  /** A service in the account of streams, and in that of operations. */
  const as = (domain: Domain): Promise<NatsConnection> => open(domainOwners[domain], domain);
  const inOperations = (domain: Domain): Promise<NatsConnection> =>
    open(domainOwners[domain], operationsUser(domain), `secret of ${domain}`);

  beforeAll(async () => {
    const port = await freePort();
    monitorPort = await freePort();
    url = `nats://127.0.0.1:${port}`;
    const users = [
      { user: 'operator', password: 'secret of operator' },
      { user: 'trimmer', password: 'secret of trimmer', isTrimmer: true },
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

  /** Those of some subjects that the server refuses this connection to publish to. */
  async function refused(nats: NatsConnection, subjects: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    const statuses = nats.status();
    void (async () => {
      for await (const status of statuses) {
        const [, subject] =
          /Publish to "([^"]+)"/iu.exec(status.type === 'error' ? status.error.message : '') ?? [];
        if (subject) found.add(subject);
      }
    })();
    for (const subject of subjects) nats.publish(subject, '{}');
    await nats.flush();
    await nats.flush();
    (statuses as unknown as { stop(): void }).stop();
    return found;
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

  const apiVerbs = {
    read: [
      ...['STREAM.INFO.S', 'STREAM.MSG.GET.S', 'DIRECT.GET.S', 'DIRECT.GET.S.x.y', 'CONSUMER.CREATE.S'],
      ...['CONSUMER.CREATE.S.c', 'CONSUMER.CREATE.S.c.x.y', 'CONSUMER.INFO.S.c', 'CONSUMER.MSG.NEXT.S.c'],
    ],
    change: [
      ...['STREAM.CREATE.S', 'STREAM.UPDATE.S', 'STREAM.DELETE.S', 'STREAM.PURGE.S', 'STREAM.MSG.DELETE.S'],
      ...['STREAM.SNAPSHOT.S', 'STREAM.RESTORE.S', 'STREAM.PEER.REMOVE.S', 'STREAM.LEADER.STEPDOWN.S'],
      ...['CONSUMER.DURABLE.CREATE.S.c', 'CONSUMER.DELETE.S.c', 'CONSUMER.PAUSE.S.c', 'CONSUMER.RESET.S.c'],
      ...['CONSUMER.UNPIN.S.c', 'CONSUMER.LIST.S', 'CONSUMER.NAMES.S', 'CONSUMER.LEADER.STEPDOWN.S.c'],
      ...['STREAM.NAMES', 'STREAM.LIST', 'ACCOUNT.PURGE.S', 'META.LEADER.STEPDOWN', 'SERVER.REMOVE'],
    ],
  };
  const on = (stream: string, verbs: readonly string[]): string[] =>
    verbs.map((verb) => `$JS.API.${verb.replace(/\bS\b/u, stream)}`);
  const everyStream = [...domains.map(streamName), 'DEAD_LETTER', 'KV_channels', 'KV_positions'];

  it.each(domains)('reach no foreign subject and change no stream: %s', async (domain) => {
    const service = domainOwners[domain];
    const others = domains.filter((one) => one !== domain);
    const readable = everyStream.filter(
      (stream) => stream !== 'KV_channels' || domain === 'channel' || domain === 'telephony',
    );
    const allowed = [
      ...[`${domain}.x.space_a.k`, `dead_letter.${service}.x`, `$KV.positions.S.${service}.c.0`],
      ...readable.flatMap((stream) => on(stream, apiVerbs.read)),
      ...(domain === 'channel' ? ['$KV.channels.chan_x'] : []),
    ];
    const forbidden = [
      ...others.flatMap((other) => [
        `${other}.x.space_a.k`,
        `dead_letter.${domainOwners[other]}.x`,
        `$KV.positions.S.${domainOwners[other]}.c.0`,
      ]),
      ...allOperations.map(({ name }) => `operation.${name}`),
      ...['live.space_a.conv_1', 'call.space_a.call_1', 'wake.conversation.x', 'health.conversation'],
      ...['outside.space_a.x', '$SYS.REQ.SERVER.PING', '_INBOX_other.x'],
      ...everyStream.flatMap((stream) => on(stream, apiVerbs.change)),
      ...(readable.includes('KV_channels') ? [] : on('KV_channels', apiVerbs.read)),
      ...(domain === 'channel' ? [] : ['$KV.channels.chan_x']),
    ];
    const streams = await refused(await as(domain), [...allowed, ...forbidden]);
    expect([...streams].filter((subject) => allowed.includes(subject))).toEqual([]);
    expect(forbidden.filter((subject) => !streams.has(subject))).toEqual([]);

    const operations = await inOperations(domain);
    const { publish } = operationPermissions(domain);
    const asked = allOperations.map(({ name }) => `operation.${name}`);
    const may = asked.filter((subject) => domain === 'channel' || publish.includes(subject));
    const beside = [
      ...others.flatMap((other) => [`${other}.x.space_a.k`, `wake.${domainOwners[other]}.x`]),
      ...everyStream.flatMap((stream) => on(stream, [...apiVerbs.read, ...apiVerbs.change])),
      ...['$KV.channels.chan_x', '$KV.positions.x', 'outside.space_a.x', '$SYS.REQ.SERVER.PING'],
      ...(domain === 'channel' ? [] : ['health.conversation']),
      ...(['telephony', 'voice'].includes(domain) ? [] : ['call.space_a.call_1']),
      ...(['channel', 'conversation', 'flow'].includes(domain) ? [] : ['live.space_a.conv_1']),
    ];
    const said = await refused(operations, [...asked, ...beside]);
    expect(asked.filter((subject) => said.has(subject) === may.includes(subject))).toEqual([]);
    expect(beside.filter((subject) => !said.has(subject))).toEqual([]);
    // Beside the gateway nobody gives orders to identity, or asks what callers alone ask for.
    if (domain !== 'channel')
      expect(
        may.filter((subject) => /^operation\.identity\.(?:create|update|delete|sign)/u.test(subject)),
      ).toEqual([]);
    const foreign = [...others.map((other) => `operation.${other}.x`), '>', '_INBOX.>', '$KV.>'];
    for (const pattern of foreign)
      expect([pattern, await heard(operations, pattern)]).toEqual([pattern, false]);
    expect(await heard(operations, `operation.${domain}.x`)).toBe(true);
  });

  it('ask operations as the gateway alone, and answer those of their own domain', async () => {
    const [gateway, conversation] = await Promise.all([
      inOperations('channel'),
      inOperations('conversation'),
    ]);
    conversation.subscribe('operation.conversation.look', {
      callback: (_error, message) => {
        message.respond('seen');
      },
    });
    await conversation.flush();
    const answer = await gateway.request('operation.conversation.look', '', { timeout: 1000 });
    expect(answer.string()).toBe('seen');
  });

  it('reach no operation by the delivery subject of a consumer', async () => {
    const identity = await inOperations('identity');
    const arrived: string[] = [];
    identity.subscribe('operation.identity.create_api_key', {
      callback: (_error, message) => void arrived.push(message.subject),
    });
    await identity.flush();
    const notifications = await as('notification');
    await jetstream(notifications).publish('notification.x.space_a.k', '{}');
    const create = {
      stream_name: 'NOTIFICATION',
      config: {
        ...{ name: 'route', ack_policy: 'none', deliver_policy: 'all', inactive_threshold: 5_000_000_000 },
        deliver_subject: 'operation.identity.create_api_key',
      },
    };
    const subject = '$JS.API.CONSUMER.CREATE.NOTIFICATION.route';
    const made = await notifications.request(subject, JSON.stringify(create), { timeout: 2000 });
    expect(made.json()).toMatchObject({ config: { deliver_subject: 'operation.identity.create_api_key' } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(arrived).toEqual([]);
    await operator.request('$JS.API.CONSUMER.DELETE.NOTIFICATION.route', '', { timeout: 2000 });
  });

  it('change and forge nothing in a foreign stream by the delivery subject of a consumer', async () => {
    const notifications = await as('notification');
    await jetstream(await as('telephony')).publish('telephony.kept.space_a.k', '{}');
    const targets = [
      '$JS.API.STREAM.DELETE.ASSET',
      '$JS.API.STREAM.PURGE.TELEPHONY',
      'identity.forged.space_a.k',
    ];
    for (const [index, target] of targets.entries()) {
      // The server takes a message of any body as a request; an empty one deletes.
      const event = `notification.forged_${index}.space_a.k`;
      await jetstream(notifications).publish(event, index === 0 ? '' : '{}');
      const filter_subject = `${event}.*`;
      const config = {
        ...{ name: `forger_${index}`, ack_policy: 'none', deliver_policy: 'all', filter_subject },
        ...{ inactive_threshold: 5_000_000_000, deliver_subject: target },
      };
      const subject = `$JS.API.CONSUMER.CREATE.NOTIFICATION.forger_${index}.${filter_subject}`;
      const request = JSON.stringify({ stream_name: 'NOTIFICATION', config });
      const made = await notifications.request(subject, request, { timeout: 2000 });
      expect(made.json()).toMatchObject({ config: { deliver_subject: target } });
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const manager = await jetstreamManager(operator);
    const count = async (stream: string, subjects_filter: string): Promise<number> => {
      const { state } = await manager.streams.info(stream, { subjects_filter });
      return Object.keys(state.subjects ?? {}).length;
    };
    expect(await manager.streams.info('ASSET')).toBeDefined();
    expect(await count('TELEPHONY', 'telephony.kept.>')).toBe(1);
    expect(await count('IDENTITY', 'identity.forged.>')).toBe(0);
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
    expect(await reader.readBatch(10, 2000)).not.toHaveLength(0);
    signal.abort();
    const where = {
      consumer: 'x.CONVERSATION',
      stream: 'CONVERSATION',
      partition: 0,
      streamEpoch: epoch,
      leaseEpoch: 1,
    };
    await new PositionReporter(flow, 'flow-engine', silentLogger).report(where, 7);
    const told = await (await new Kvm(operator).open('positions')).get(
      'CONVERSATION.flow-engine.x_CONVERSATION.0',
    );
    expect(told?.json()).toEqual({ epoch, position: 7 });
    const gateway = new LiveBus(await inOperations('channel'));
    const news: unknown[] = [];
    gateway.subscribe('space_a', 'conv_1', (one) => news.push(one));
    await connections.at(-1)?.flush();
    new LiveBus(await inOperations('flow')).publish('space_a', 'conv_1', { type: 'typing' } as never);
    await eventually('the news has come', () => news.length === 1);
  });

  it('leave trimming to the one user that may purge events, and cannot read them', async () => {
    const trimmer = await open('trimmer', 'trimmer');
    const manager = await jetstreamManager(trimmer, { timeout: 300, checkAPI: false });
    for (const domain of domains)
      await expect(manager.streams.purge(streamName(domain), { seq: 1 })).resolves.toMatchObject({
        success: true,
      });
    await expect(manager.streams.purge('DEAD_LETTER')).rejects.toThrow();
    await expect(manager.streams.delete('FLOW')).rejects.toThrow();
    const reads = ['FLOW', 'KV_channels'].flatMap((stream) => on(stream, apiVerbs.read.slice(1)));
    expect(await refused(trimmer, reads)).toEqual(new Set(reads));
    await new Trimmer(trimmer, silentLogger).trim('CONVERSATION');
    await expect(
      (await jetstreamManager(operator)).streams.purge('DEAD_LETTER').catch((error: Error) => error.message),
    ).resolves.toMatch(/purge/iu);
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
    const known = await new Kvm(await as('telephony')).open(channelBucket);
    expect((await known.get('chan_1'))?.json()).toMatchObject({ version: 1 });
  });
});
