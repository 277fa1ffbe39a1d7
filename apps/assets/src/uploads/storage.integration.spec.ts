import { createHash } from 'node:crypto';
import {
  type Asset,
  beginStorage,
  completeStorage,
  completeUpload,
  deleteAsset,
  downloadAsset,
  getAsset,
  getFolder,
  getRetention,
  listAssets,
  listFolders,
  type OperationRequest,
  signParts,
} from '@parley/contracts';
import { type AssetsBench, openBench } from '../../test/bench.ts';

/** The head of a WAV file, then sound that differs from part to part. */
function sound(part: number, bytes = 20_000): Buffer {
  const head = Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00', 'latin1');
  return part === 1
    ? Buffer.concat([head, Buffer.alloc(bytes - head.length, part)])
    : Buffer.alloc(bytes, part);
}

const joined = (numbers: number[]): Buffer => Buffer.concat(numbers.map((number) => sound(number)));

describe('A file of another service', () => {
  let bench: AssetsBench;

  beforeAll(async () => {
    bench = await openBench({ UPLOAD_KEEP_HOURS: '48', SWEEP_SECONDS: '0.2' });
  }, 120_000);
  afterAll(() => bench.close());

  async function record(
    numbers: number[],
    change: Partial<OperationRequest<typeof beginStorage>> = {},
  ): Promise<Asset> {
    const { asset, upload } = await bench.call(beginStorage, {
      ...{ fileName: 'call.wav', contentType: 'audio/wav', folderPath: ['Recordings'] },
      ...change,
    });
    expect(upload).toBeNull();
    await send(asset.id, numbers);
    return asset;
  }

  async function send(assetId: string, numbers: number[]): Promise<void> {
    const { parts } = await bench.call(signParts, { assetId, first: 1, count: 20 });
    expect(parts.map(({ number }) => number)).toEqual(
      Array.from({ length: 20 }, (_none, index) => index + 1),
    );
    for (const number of numbers) {
      const { url = '' } = parts.find((part) => part.number === number) ?? {};
      const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(sound(number)) });
      expect(answer.status).toBe(200);
    }
  }

  async function bytesOf(assetId: string): Promise<Buffer> {
    const { url } = await bench.call(downloadAsset, { assetId });
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  }

  it('comes in small parts, in any order, and is one', async () => {
    const conversationId = bench.conversation();
    const { id } = await record([2, 1, 11, 3, 10, 4, 5, 6, 7, 8, 9], { conversationId });
    const order = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const done = await bench.call(completeStorage, { assetId: id, parts: 11 });
    const expected = joined(order);
    expect(done).toMatchObject({
      ...{ status: 'ready', size: expected.length, internal: true, incomplete: false, conversationId },
      sha256: createHash('sha256').update(expected).digest('hex'),
    });
    expect((await bytesOf(id)).equals(expected)).toBe(true);
    expect(await bench.call(completeStorage, { assetId: id })).toEqual(done);
    await bench.until(() => bench.objects(id).length === 1, 'The end of the parts');
    await expect(bench.call(signParts, { assetId: id, first: 1, count: 1 })).rejects.toMatchObject({
      status: 409,
      code: 'takes_no_parts',
    });
    expect(await bench.events(id)).toMatchObject([{ name: 'asset.stored' }]);
  });

  it('lies in the folder that was named, which is made once', async () => {
    const path = ['Calls', '2026'];
    const [one, two] = await Promise.all([
      record([1], { folderPath: path }),
      record([1], { folderPath: path }),
    ]);
    expect(two.folderId).toBe(one.folderId);
    const folder = await bench.call(getFolder, { folderId: one.folderId ?? '' });
    expect(folder.name).toBe('2026');
    const root = await bench.call(listFolders, { parentId: 'root' });
    expect(root.data.filter(({ name }) => name === 'Calls').map(({ id }) => id)).toEqual([folder.parentId]);
    const listed = await bench.call(listAssets, { folderId: folder.id });
    expect(listed.data.map(({ id }) => id).toSorted()).toEqual([one.id, two.id].toSorted());
  });

  it('with a part missing is refused with its number, or kept up to the gap and marked', async () => {
    const { id } = await record([1, 2, 4, 5]);
    const refused = bench.call(completeStorage, { assetId: id, parts: 6 });
    await expect(refused).rejects.toMatchObject({
      ...{ status: 422, code: 'parts_missing', message: expect.stringContaining('3, 6') },
    });
    expect(await bench.call(getAsset, { assetId: id })).toMatchObject({ status: 'pending' });
    const done = await bench.call(completeStorage, { assetId: id, incomplete: true });
    expect(done).toMatchObject({ status: 'ready', incomplete: true });
    expect((await bytesOf(id)).equals(joined([1, 2]))).toBe(true);
  });

  it('of which nothing came is not there, and a person does not complete one', async () => {
    const { id } = await record([]);
    await expect(bench.call(completeStorage, { assetId: id })).rejects.toMatchObject({
      code: 'not_uploaded',
    });
    await expect(bench.call(completeUpload, { assetId: id })).rejects.toMatchObject({ code: 'in_parts' });
    await bench.call(deleteAsset, { assetId: id });
  });

  it('is sent whole, too', async () => {
    const body = sound(1);
    const { asset, upload } = await bench.call(beginStorage, {
      ...{ fileName: 'greeting.wav', contentType: 'audio/wav', size: body.length },
    });
    if (!upload) throw new Error('No address was given.');
    expect(await bench.send(upload, body)).toBe(200);
    expect(await bench.call(completeStorage, { assetId: asset.id })).toMatchObject({
      status: 'ready',
      folderId: null,
    });
  });

  it('whose service is gone is kept by itself, marked; an empty one is forgotten', async () => {
    const cut = await record([1, 2]);
    const empty = await record([]);
    const whole = await bench.begin({ body: 'never sent' });
    const ids = [cut.id, empty.id, whole.asset.id];
    await bench.in((trx) =>
      trx
        .updateTable('asset')
        .set({ created_at: new Date(Date.now() - 49 * 3_600_000) })
        .where('id', 'in', ids)
        .execute(),
    );
    const find = (assetId: string) => bench.call(getAsset, { assetId }).catch(() => null);
    await bench.until(async () => (await find(cut.id))?.status === 'ready', 'The recording');
    expect(await find(cut.id)).toMatchObject({ incomplete: true, size: 40_000 });
    for (const id of [empty.id, whole.asset.id])
      await bench.until(async () => (await find(id)) === null, 'The end of an upload');
  });

  it('goes when its time is over, and no other', async () => {
    const old = await record([1]);
    const young = await record([1]);
    for (const { id } of [old, young]) await bench.call(completeStorage, { assetId: id });
    await bench.in((trx) =>
      trx
        .updateTable('asset')
        .set({ created_at: new Date(Date.now() - 31 * 86_400_000) })
        .where('id', '=', old.id)
        .execute(),
    );
    expect(await bench.call(getRetention, {})).toMatchObject({ retentionDays: null, nextDeletionAt: null });
    await bench.retention(30);
    await bench.until(() => bench.objects(old.id).length === 0, 'The end of the old file');
    await expect(bench.call(getAsset, { assetId: old.id })).rejects.toMatchObject({ status: 404 });
    expect(await bench.events(old.id)).toMatchObject([
      { name: 'asset.stored' },
      { name: 'asset.deleted', data: { reason: 'retention' } },
    ]);
    expect(await bench.call(getAsset, { assetId: young.id })).toMatchObject({ status: 'ready' });
    expect(await bench.call(getRetention, {})).toMatchObject({
      retentionDays: 30,
      nextDeletionAt: expect.any(String),
    });
  });
});
