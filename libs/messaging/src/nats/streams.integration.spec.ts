import { jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type NatsBench, openNatsBench } from '../../test/bench.ts';
import { silentLogger } from '../logger.ts';
import { PositionReporter } from '../runner/position-reporter.ts';
import { positionBucket } from './positions.ts';
import { ensureStreams, streamIdentity } from './streams.ts';
import { Trimmer } from './trimmer.ts';

const options = { partitions: 4 };

describe('streams', () => {
  let server: NatsBench;
  let nats: NatsConnection;
  let manager: JetStreamManager;

  beforeEach(async () => {
    server = await openNatsBench();
    nats = await server.connect();
    manager = await jetstreamManager(nats);
  });

  afterEach(() => server.close());

  it('are made once, and keep their epoch', async () => {
    await ensureStreams(nats, options);
    const before = await streamIdentity(nats, 'CHANNEL');
    await ensureStreams(nats, options);
    expect(await streamIdentity(nats, 'CHANNEL')).toEqual(before);
    expect(before).toMatchObject({ epoch: expect.stringMatching(/^evt_/u) as string, partitions: 4 });
    const names: string[] = [];
    for await (const { config } of manager.streams.list()) names.push(config.name);
    expect(names.sort()).toEqual([
      'ASSET',
      'CHANNEL',
      'CONVERSATION',
      'DEAD_LETTER',
      'FLOW',
      'IDENTITY',
      'KV_channels',
      'KV_positions',
      'NOTIFICATION',
      'TELEPHONY',
      'VOICE',
    ]);
  });

  it('take new sizes, and refuse another number of partitions or another nature', async () => {
    await ensureStreams(nats, options);
    const { epoch } = await streamIdentity(nats, 'FLOW');
    await ensureStreams(nats, { ...options, maxBytes: 10_000_000 });
    const { config } = await manager.streams.info('FLOW');
    expect(config.max_bytes).toBe(10_000_000);
    expect((await streamIdentity(nats, 'FLOW')).epoch).toBe(epoch);
    await expect(ensureStreams(nats, { partitions: 8 })).rejects.toThrow(/has 4 partitions, not 8/u);
    await manager.streams.update('FLOW', { ...config, discard: 'old' });
    await expect(ensureStreams(nats, options)).rejects.toThrow(/FLOW is not as declared in: discard/u);
  });

  it('add the partition to each subject, by space and key', async () => {
    await ensureStreams(nats, options);
    const client = jetstream(nats);
    const subjects = new Map<string, Set<string>>();
    for (let n = 0; n < 60; n += 1) {
      const { seq } = await client.publish(`flow.run_${n % 3}.space_a.key_${n % 20}`, '{}');
      const message = await manager.streams.getMessage('FLOW', { seq });
      const tokens = (message?.subject ?? '').split('.');
      expect(tokens.slice(0, 4)).toEqual(['flow', `run_${n % 3}`, 'space_a', `key_${n % 20}`]);
      const partition = tokens[4] ?? '';
      subjects.set(`key_${n % 20}`, (subjects.get(`key_${n % 20}`) ?? new Set()).add(partition));
    }
    expect([...subjects.values()].every(({ size }) => size === 1)).toBe(true);
    const used = new Set([...subjects.values()].flatMap((partitions) => [...partitions]));
    expect([...used].sort()).toEqual(['0', '1', '2', '3']);
  });

  it('refuse new messages when full rather than forget old ones', async () => {
    await ensureStreams(nats, { ...options, maxBytes: 20_000 });
    const client = jetstream(nats);
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 30; n += 1) await client.publish('flow.x.space_a.k', 'x'.repeat(1000));
    };
    await expect(fill()).rejects.toThrow(/maximum bytes exceeded/u);
    const { state } = await manager.streams.info('FLOW');
    expect(state.first_seq).toBe(1);
  });

  describe('that fill up', () => {
    const board = (service: string): PositionReporter => new PositionReporter(nats, service, silentLogger);
    const trimmer = (): Trimmer => new Trimmer(nats, silentLogger);

    async function tell(service: string, position: number, streamEpoch?: string): Promise<void> {
      const epoch = streamEpoch ?? (await streamIdentity(nats, 'FLOW')).epoch;
      const where = { consumer: 'x.FLOW', stream: 'FLOW', partition: 0, streamEpoch: epoch, leaseEpoch: 1 };
      await board(service).report(where, position);
    }

    async function fill(messages: number): Promise<void> {
      const client = jetstream(nats);
      for (let n = 0; n < messages; n += 1) await client.publish('flow.x.space_a.k', 'x'.repeat(1000));
    }

    const first = async (): Promise<number> => (await manager.streams.info('FLOW')).state.first_seq;

    beforeEach(() => ensureStreams(nats, { ...options, maxBytes: 110_000 }));

    it('are left alone up to 70 %', async () => {
      await fill(60);
      expect(await trimmer().trim('FLOW')).toBe(0);
    });

    it('lose the oldest, down to a half', async () => {
      await fill(90);
      await tell('conversation', 85);
      const went = await trimmer().trim('FLOW');
      expect(went).toBeGreaterThan(30);
      expect(await first()).toBe(went + 1);
      const { state } = await manager.streams.info('FLOW');
      expect(state.bytes).toBeLessThanOrEqual(110_000 / 2);
    });

    it('keep what any consumer has still to read', async () => {
      await fill(90);
      await tell('conversation', 85);
      await tell('notifications', 10);
      expect(await trimmer().trim('FLOW')).toBe(10);
      expect(await first()).toBe(11);
      await tell('flow-engine', 80, 'another epoch');
      expect(await trimmer().trim('FLOW')).toBe(0);
    });

    it('do not wait for consumers that a service no longer has', async () => {
      await fill(90);
      await tell('conversation', 10);
      await board('notifications').removeUnknownConsumers([]);
      expect(await trimmer().trim('FLOW')).toBe(10);
      await board('conversation').removeUnknownConsumers([{ id: 'x.FLOW', stream: 'FLOW' }]);
      expect(await trimmer().trim('FLOW')).toBe(0);
      await board('conversation').removeUnknownConsumers([{ id: 'y.FLOW', stream: 'FLOW' }]);
      expect(await trimmer().trim('FLOW')).toBeGreaterThan(20);
      const keys = await (await new Kvm(nats).open(positionBucket)).keys();
      expect(keys).toBeDefined();
    });
  });
});
