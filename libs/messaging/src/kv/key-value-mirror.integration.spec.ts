import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { eventually, type NatsBench, openNatsBench } from '../../test/bench.ts';
import { silentLogger } from '../logger.ts';
import { KeyValueMirror } from './key-value-mirror.ts';

describe('a mirror of a key-value bucket', () => {
  let server: NatsBench;
  let nats: NatsConnection;
  let mirror: KeyValueMirror<{ name: string }>;

  beforeEach(async () => {
    server = await openNatsBench();
    nats = await server.connect();
    await new Kvm(nats).create('channels', { history: 1 });
    mirror = new KeyValueMirror(nats, 'channels', silentLogger);
  });

  afterEach(async () => {
    mirror.close();
    await server.close();
  });

  async function put(key: string, version: number, name: string | null): Promise<void> {
    const bucket = await new Kvm(nats).open('channels');
    await bucket.put(key, JSON.stringify({ version, value: name === null ? null : { name } }));
  }

  it('knows all that is there once it is open, also when that is nothing', async () => {
    await mirror.open();
    expect(mirror.all()).toEqual([]);
    mirror.close();
    await put('a', 1, 'first');
    await put('b', 1, 'second');
    const another = new KeyValueMirror<{ name: string }>(nats, 'channels', silentLogger);
    await another.open();
    expect(another.all()).toHaveLength(2);
    another.close();
  });

  it('follows changes and deletions, and never goes back to a lower version', async () => {
    await mirror.open();
    await put('a', 2, 'second');
    await eventually('it is known', () => mirror.get('a')?.name === 'second');
    await put('a', 1, 'first');
    await put('b', 1, 'other');
    await eventually('the other is known', () => mirror.get('b') !== undefined);
    expect(mirror.get('a')).toEqual({ name: 'second' });
    await put('a', 3, null);
    await eventually('it is gone', () => mirror.get('a') === undefined);
  });

  it('tells when a version is known, at once for one that is', async () => {
    await mirror.open();
    const reached: number[] = [];
    for (const version of [2, 1]) void mirror.waitForVersion('a', version).then(() => reached.push(version));
    await put('a', 1, 'first');
    await eventually('the first is known', () => reached.length > 0);
    expect(reached).toEqual([1]);
    await put('a', 3, 'third');
    await eventually('a later one will do', () => reached.length === 2);
    await mirror.waitForVersion('a', 3);
  });

  it('passes over what it cannot read', async () => {
    await mirror.open();
    await (await new Kvm(nats).open('channels')).put('a', 'no JSON');
    await put('b', 1, 'other');
    await eventually('the other is known', () => mirror.get('b') !== undefined);
    expect(mirror.all()).toEqual([['b', { name: 'other' }]]);
  });

  it('keeps what it knows while the server is away, and goes on after', async () => {
    await put('a', 1, 'first');
    await mirror.open();
    await server.kill();
    expect(mirror.get('a')).toEqual({ name: 'first' });
    await server.start();
    await eventually('it writes again', () =>
      put('a', 2, 'second').then(
        () => true,
        () => false,
      ),
    );
    await eventually('the change is known', () => mirror.get('a')?.name === 'second');
  }, 30_000);

  it('follows a bucket that was made anew', async () => {
    await put('a', 1, 'first');
    await mirror.open();
    const kvm = new Kvm(nats);
    await (await kvm.open('channels')).destroy();
    await kvm.create('channels', { history: 1 });
    await put('b', 1, 'new');
    await eventually('the new one is known', () => mirror.get('b') !== undefined, 20_000);
    expect(mirror.get('a')).toEqual({ name: 'first' });
  }, 30_000);
});
