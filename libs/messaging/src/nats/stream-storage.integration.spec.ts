import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { findNatsServer, freePort, type ServerProcess, startNatsServer } from '@parley/testing';
import { eventually } from '../../test/bench.ts';
import { LogReader } from '../runner/log-reader.ts';
import { connectNats } from './connection.ts';
import { moveGlobalStreams } from './stream-storage.ts';
import { channelBucket, ensureStreams, streamIdentity } from './streams.ts';
import { natsServerConfig } from './users.ts';

describe('an installation that had no accounts', () => {
  it('keeps its streams when it gets them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-accounts-'));
    const [port, program] = [await freePort(), await findNatsServer()];
    const [url, storeDir] = [`nats://127.0.0.1:${port}`, join(folder, 'store')];
    const start = (config: string): Promise<ServerProcess> =>
      startNatsServer({ program, configFile: join(folder, 'nats.conf'), config, port });
    const plain = `host: "127.0.0.1"\nport: ${port}\njetstream { store_dir: ${JSON.stringify(storeDir)}, sync_interval: always }\nauthorization { users: [{ user: operator, password: x }] }\n`;
    let server = await start(plain);
    const before = await connectNats({ url, user: 'operator', password: 'x', name: 'before' });
    await ensureStreams(before, { partitions: 4 });
    // As they were: a dead letter stream that refuses new reports.
    const manager = await jetstreamManager(before);
    await manager.streams.delete('DEAD_LETTER');
    const { config } = await manager.streams.info('FLOW');
    await manager.streams.add({
      ...{ ...config, name: 'DEAD_LETTER', subjects: ['dead_letter.>'], subject_transform: undefined },
      metadata: { 'parley.epoch': 'evt_old', 'parley.partitions': '1' },
    } as never);
    for (let n = 0; n < 5; n += 1) await jetstream(before).publish('conversation.x.space_a.k', `{"n":${n}}`);
    await jetstream(before).publish('dead_letter.conversation.x', '{}');
    await (await new Kvm(before).open(channelBucket)).put('chan_1', '{"version":1,"value":{}}');
    const known = await streamIdentity(before, 'CONVERSATION');
    await before.close();
    await server.stop('SIGKILL');

    expect(moveGlobalStreams(storeDir)).toBe(true);
    expect(moveGlobalStreams(storeDir)).toBe(false);
    const users = [
      { user: 'operator', password: 'x' },
      { user: 'flow-engine', password: 'x', domain: 'flow' as const },
    ];
    server = await start(natsServerConfig({ users, storeDir, port }));
    const after = await connectNats({ url, user: 'operator', password: 'x', name: 'after' });
    await ensureStreams(after, { partitions: 4 });
    expect(await streamIdentity(after, 'CONVERSATION')).toEqual(known);
    expect(known.lastSequence).toBe(5);
    const letters = (await (await jetstreamManager(after)).streams.info('DEAD_LETTER')).config;
    expect(letters).toMatchObject({ discard: 'old', deny_purge: true });
    expect(letters.metadata).toMatchObject({ 'parley.epoch': 'evt_old' });
    const entry = await (await new Kvm(after).open(channelBucket)).get('chan_1');
    expect(entry?.json()).toEqual({ version: 1, value: {} });
    const flow = await connectNats({ url, user: 'flow-engine', password: 'x', name: 'flow-engine' });
    const signal = new AbortController();
    const reader = new LogReader(flow, {
      ...{ stream: 'CONVERSATION', subjects: ['conversation.*.*.*.*'], from: 1, signal: signal.signal },
    });
    await reader.open();
    const read: unknown[] = [];
    await eventually('all are read', async () => {
      read.push(...(await reader.readBatch(10, 2000)));
      return read.length === 5;
    });
    signal.abort();
    await Promise.all([after.close(), flow.close()]);
    await server.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });
});
