import { setTimeout as sleep } from 'node:timers/promises';
import { createChannel } from '@parley/contracts';
import { sql } from 'kysely';
import { type GatewayBench, openBench } from '../../test/bench.ts';
import { ChannelDirectory } from './channel-directory.service.ts';

const [common, own] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(() => bench.close());

const wrappedKeys = (): Promise<string[]> =>
  bench.in(async (trx) => {
    const { rows } = await sql<{ wrapped: string }>`SELECT wrapped FROM space_key ORDER BY id`.execute(trx);
    return rows.map(({ wrapped }) => wrapped);
  });

/** What the gateway signs a channel's callbacks with, once its entry is there. */
async function secretOf(channelId: string): Promise<string | null> {
  const directory = bench.get(ChannelDirectory);
  for (;;) {
    const channel = directory.find(channelId);
    if (channel) return directory.secretOf(channel);
    await sleep(20);
  }
}

describe('Channel credentials', () => {
  it('sealed under the common master key are brought under their own, and read all the while', async () => {
    const request = { deploymentType: 'CUSTOM' as const, channelIdentifier: 'shop', configuration: {} };
    const { channel } = await bench.call(createChannel, request);
    const secret = await secretOf(channel.id);
    expect(secret).toMatch(/^whsec_/u);
    const before = await wrappedKeys();

    await bench.stop();
    bench.secretsKeys = [own, common];
    await bench.start();
    expect(await secretOf(channel.id)).toBe(secret);
    while (bench.get(ChannelDirectory).spacesWithOldKey().includes(bench.spaceId)) await sleep(20);
    const after = await wrappedKeys();
    expect(after).toHaveLength(before.length);
    for (const wrapped of after) expect(before).not.toContain(wrapped);
    expect(await secretOf(channel.id)).toBe(secret);

    // From now on their own key is enough, and the common one opens nothing.
    await bench.stop();
    bench.secretsKeys = [own];
    await bench.start();
    expect(await secretOf(channel.id)).toBe(secret);
    await bench.stop();
    bench.secretsKeys = undefined;
    await bench.start();
    await expect(secretOf(channel.id)).rejects.toThrow(/master key/iu);
  }, 60_000);
});
