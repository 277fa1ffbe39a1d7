import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { sql } from 'kysely';
import {
  eventually,
  type MechanismBench,
  type NatsBench,
  openMechanismBench,
  openNatsBench,
} from '../../test/bench.ts';
import { ParkedRepository } from '../dead-letters/parked.repository.ts';
import { HeldLease } from '../leases/lease.ts';
import { silentLogger } from '../logger.ts';
import { Wakers } from '../wakers.ts';
import { EventLog } from './event-log.ts';
import { OutboxRepository } from './outbox.repository.ts';
import { Relay } from './relay.ts';

const spaceId = 'space_a';

describe('A relay whose bucket or stream was lost', () => {
  let bench: MechanismBench;
  let broker: NatsBench;
  let nats: NatsConnection;
  let wakers: Wakers;
  let events: EventLog;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    [bench, broker] = await Promise.all([openMechanismBench(), openNatsBench()]);
    nats = await broker.connect();
    wakers = new Wakers(bench.database);
    events = new EventLog(wakers);
  });

  afterEach(async () => {
    await stop();
    await broker.close();
    await bench.close();
  });

  function startRelay(shard: string): void {
    const outbox = new OutboxRepository(bench.runner);
    const relay = new Relay({ outbox, nats, wakers, logger: silentLogger, source: 'conversation' });
    const lease = new HeldLease(
      { name: `relay.${shard}`, epoch: 1, expired: false },
      Number.POSITIVE_INFINITY,
    );
    const done = relay.run(shard, lease);
    stop = async () => {
      lease.markLost();
      await done;
    };
  }

  const drained = (): Promise<void> =>
    eventually('the outbox is empty', async () => {
      const { rows } = await sql`SELECT FROM outbox`.execute(bench.runner.kysely);
      return rows.length === 0;
    });

  it('writes a bucket anew that was lost, without being asked', async () => {
    const kvm = new Kvm(nats);
    await kvm.create('channels');
    await bench.database.withSpaces([spaceId], async (trx) => {
      for (const [key, version] of [
        ['chan_1', 1],
        ['chan_1', 2],
        ['chan_2', 1],
      ] as const)
        await events.put(trx, 'channels', { spaceId, key, version, value: { version } });
    });
    startRelay('kv:channels');
    await drained();
    await (await kvm.open('channels')).destroy();
    const made = await kvm.create('channels');
    await eventually('the entries are there again', async () => (await made.status()).values === 2, 12_000);
    expect((await made.get('chan_1'))?.json()).toEqual({ version: 2, value: { version: 2 } });
  });

  it('tells of parked events again when the stream of dead letters was lost', async () => {
    const manager = await jetstreamManager(nats);
    const make = (epoch: string): Promise<unknown> =>
      manager.streams.add({
        name: 'DEAD_LETTER',
        subjects: ['dead_letter.>'],
        metadata: { 'parley.epoch': epoch },
      });
    await make('one');
    const parked = new ParkedRepository(bench.runner, 'conversation');
    await bench.database.withSpaces([spaceId], (trx) =>
      parked.park(trx, {
        source: 'event',
        consumer: 'runs.CONVERSATION',
        key: 'k',
        spaceId,
        name: 'x.y',
        content: { a: 1 },
        reason: 'bad',
        attempts: 5,
      }),
    );
    startRelay('DEAD_LETTER');
    await drained();
    const read = async (): Promise<unknown> =>
      (await manager.streams.getMessage('DEAD_LETTER', { seq: 1 }))?.json();
    const first = await read();
    await manager.streams.delete('DEAD_LETTER');
    await make('two');
    await eventually(
      'it is there again',
      async () => (await manager.streams.info('DEAD_LETTER')).state.messages === 1,
      12_000,
    );
    expect(await read()).toEqual(first);
  });
});
