import { createHash } from 'node:crypto';
import {
  beginUpload,
  deleteAsset,
  downloadAsset,
  getAsset,
  listAssets,
  newId,
  type Principal,
  updateAsset,
} from '@parley/contracts';
import { type AssetsBench, openBench } from '../../test/bench.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
);
const sha256 = (body: Buffer | string): string => createHash('sha256').update(body).digest('hex');

describe('An upload', () => {
  let bench: AssetsBench;

  beforeAll(async () => {
    bench = await openBench();
  }, 120_000);
  afterAll(() => bench.close());

  it('is sent, checked and there, and the others are told', async () => {
    const conversationId = bench.conversation();
    const { asset, upload } = await bench.begin({
      body: png,
      fileName: 'dot.png',
      contentType: 'image/png',
      conversationId,
    });
    expect(asset).toMatchObject({ status: 'pending', size: png.length, sha256: null, conversationId });
    expect(await bench.send(upload, png)).toBe(200);
    const done = await bench.complete(asset.id);
    expect(done).toMatchObject({ status: 'ready', size: png.length, sha256: sha256(png), internal: false });
    expect(await bench.events(asset.id)).toEqual([{ name: 'asset.stored', data: { asset: done } }]);
  });

  it('takes no other size or type than was said', async () => {
    const { asset, upload } = await bench.begin({ body: 'hello' });
    expect(await bench.send(upload, 'hello!')).toBe(403);
    expect(await bench.send(upload, 'hell')).toBe(403);
    expect(await bench.send(upload, 'hello', { 'content-type': 'text/html' })).toBe(403);
    await expect(bench.complete(asset.id)).rejects.toMatchObject({ status: 409, code: 'not_uploaded' });
    expect(bench.objects(asset.id)).toEqual([]);
    expect(await bench.send(upload, 'hello')).toBe(200);
    expect(await bench.complete(asset.id)).toMatchObject({ status: 'ready' });
  });

  it('with another SHA-256 than was said is refused, and may be sent again', async () => {
    const { asset, upload } = await bench.begin({ body: 'right', sha256: sha256('right').toUpperCase() });
    expect(await bench.send(upload, 'wrong')).toBe(200);
    const refused = { status: 422, code: 'checksum_mismatch' };
    await expect(bench.complete(asset.id)).rejects.toMatchObject(refused);
    expect(await bench.call(getAsset, { assetId: asset.id })).toMatchObject({ status: 'pending' });
    expect(await bench.send(upload, 'right')).toBe(200);
    expect(await bench.complete(asset.id)).toMatchObject({ status: 'ready', sha256: sha256('right') });
  });

  it('that lies about its type is kept away, and nobody is told of it', async () => {
    const asset = await bench.upload({
      ...{ body: '<script>alert(1)</script>', fileName: 'dot.png', contentType: 'image/png' },
    });
    expect(asset).toMatchObject({
      status: 'quarantined',
      statusReason: 'It was said to be image/png, and is none.',
    });
    const download = bench.call(downloadAsset, { assetId: asset.id });
    await expect(download).rejects.toMatchObject({ status: 409, code: 'quarantined' });
    expect(await bench.events(asset.id)).toEqual([]);
  });

  it('cannot be replaced once it was checked', async () => {
    const { asset, upload } = await bench.begin({ body: 'first' });
    await bench.send(upload, 'first');
    await bench.complete(asset.id);
    expect(await bench.send(upload, 'later')).toBe(200);
    const { url } = await bench.call(downloadAsset, { assetId: asset.id });
    expect(await (await fetch(url)).text()).toBe('first');
    expect(await bench.complete(asset.id)).toMatchObject({ sha256: sha256('first') });
  });

  it('completed twice, also at once, is one file', async () => {
    const { asset, upload } = await bench.begin({ body: 'twice' });
    await bench.send(upload, 'twice');
    const answers = await Promise.all([1, 2, 3, 4].map(() => bench.complete(asset.id)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await bench.complete(asset.id)).toEqual(answers[0]);
    expect(await bench.events(asset.id)).toHaveLength(1);
  });

  it('that is too large, or no upload at all, is refused', async () => {
    const large = bench.begin({ body: '', size: 200_000_000 });
    await expect(large).rejects.toMatchObject({ status: 413 });
    const bad = [
      { size: 0 },
      { fileName: '../etc/passwd' },
      { fileName: '..' },
      { contentType: 'png' },
      { contentType: 'image/png\r\nx: y' },
      { sha256: 'abc' },
    ];
    for (const change of bad)
      await expect(bench.begin({ body: 'x', ...change })).rejects.toMatchObject({ status: 400 });
    await expect(bench.begin({ body: 'x', folderId: newId('fold') })).rejects.toMatchObject({ status: 404 });
    await expect(bench.begin({ body: 'x', conversationId: newId('conv') })).rejects.toMatchObject({
      status: 404,
    });
    await expect(bench.complete(newId('asset'))).rejects.toMatchObject({ status: 404 });
  });

  it('begun twice under one Idempotency-Key is one', async () => {
    const begin = () =>
      bench.call(
        beginUpload,
        { fileName: 'a.txt', contentType: 'text/plain', size: 3 },
        { principal: bench.member(), idempotencyKey: 'same' },
      );
    const [first, second] = [await begin(), await begin()];
    expect(second).toEqual(first);
  });

  it('is downloaded whole and by ranges, under its name', async () => {
    const body = 'x'.repeat(1000) + 'end';
    const asset = await bench.upload({ body, fileName: 'Größe "1".txt' });
    const { url, redirect } = await bench.call(downloadAsset, { assetId: asset.id });
    expect(redirect).toBe(true);
    const whole = await fetch(url);
    expect(await whole.text()).toBe(body);
    expect(whole.headers.get('content-type')).toBe('text/plain');
    expect(whole.headers.get('content-disposition')).toBe(
      `attachment; filename="Gr__e _1_.txt"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.txt`,
    );
    const part = await fetch(url, { headers: { range: 'bytes=-3' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 1000-1002/1003',
      'end',
    ]);
    const image = await bench.upload({ body: png, fileName: 'dot.png', contentType: 'image/png' });
    const shown = await bench.call(downloadAsset, { assetId: image.id, redirect: 'false' });
    expect(shown.redirect).toBe(false);
    expect((await fetch(shown.url)).headers.get('content-disposition')).toMatch(/^inline; /);
  });

  it('is of no other space, in any operation', async () => {
    const asset = await bench.upload({ body: 'mine' });
    const spaceId = bench.otherSpaceId;
    const principal: Principal = { type: 'api_key', id: 'key_two', spaces: { [spaceId]: 'owner' } };
    const input = { spaceId, assetId: asset.id };
    for (const operation of [getAsset, downloadAsset, updateAsset, deleteAsset])
      await expect(bench.call(operation, input, { principal })).rejects.toMatchObject({ status: 404 });
    expect(await bench.call(listAssets, { spaceId }, { principal })).toEqual({ data: [], nextCursor: null });
    const { url } = await bench.call(downloadAsset, { assetId: asset.id });
    const other = url.replace(`/${bench.spaceId}/`, `/${spaceId}/`);
    expect((await fetch(other)).status).toBe(403);
  });

  it('that is deleted leaves nothing, and the others are told', async () => {
    const asset = await bench.upload({ body: 'short life' });
    const { url } = await bench.call(downloadAsset, { assetId: asset.id });
    await bench.call(deleteAsset, { assetId: asset.id });
    await bench.until(() => bench.objects(asset.id).length === 0, 'The end of the objects');
    expect((await fetch(url)).status).toBe(404);
    await expect(bench.call(getAsset, { assetId: asset.id })).rejects.toMatchObject({ status: 404 });
    await expect(bench.call(deleteAsset, { assetId: asset.id })).rejects.toMatchObject({ status: 404 });
    expect(await bench.events(asset.id)).toMatchObject([
      { name: 'asset.stored' },
      { name: 'asset.deleted', data: { assetId: asset.id, reason: 'request' } },
    ]);
  });
});

describe('A visitor', () => {
  let bench: AssetsBench;

  beforeAll(async () => {
    bench = await openBench();
  }, 120_000);
  afterAll(() => bench.close());

  it('uploads to its own conversation alone', async () => {
    const { principal, conversationId } = bench.visitor();
    const asset = await bench.upload({ body: 'from outside', conversationId }, principal);
    expect(asset).toMatchObject({ status: 'ready', conversationId });
    await expect(bench.begin({ body: 'x' }, principal)).rejects.toMatchObject({
      status: 422,
      code: 'conversation_needed',
    });
    const other = bench.visitor();
    const foreign = bench.begin({ body: 'x', conversationId: other.conversationId }, principal);
    await expect(foreign).rejects.toMatchObject({ status: 404 });
  });

  it('sees the files of its own conversation alone, and none that is internal', async () => {
    const one = bench.visitor();
    const two = bench.visitor();
    const own = await bench.upload({ body: 'for one', conversationId: one.conversationId });
    const free = await bench.upload({ body: 'for members' });
    const hidden = await bench.upload({ body: 'hidden', conversationId: one.conversationId });
    await bench.in((trx) =>
      trx.updateTable('asset').set({ internal: true }).where('id', '=', hidden.id).execute(),
    );
    const { principal, conversationId } = one;
    expect(await bench.call(getAsset, { assetId: own.id }, { principal })).toEqual(own);
    const { url } = await bench.call(downloadAsset, { assetId: own.id }, { principal });
    expect(await (await fetch(url)).text()).toBe('for one');
    for (const operation of [getAsset, downloadAsset]) {
      for (const assetId of [free.id, hidden.id])
        await expect(bench.call(operation, { assetId }, { principal })).rejects.toMatchObject({
          status: 404,
        });
      await expect(
        bench.call(operation, { assetId: own.id }, { principal: two.principal }),
      ).rejects.toMatchObject({ status: 404 });
    }
    const listed = await bench.call(listAssets, { conversationId }, { principal });
    expect(listed.data.map(({ id }) => id)).toEqual([own.id]);
    await expect(bench.call(listAssets, {}, { principal })).rejects.toMatchObject({ status: 422 });
    await expect(
      bench.call(listAssets, { conversationId }, { principal: two.principal }),
    ).rejects.toMatchObject({ status: 404 });
  });

  it('fills nothing up', async () => {
    const { principal, conversationId } = bench.visitor();
    for (let count = 0; count < 20; count += 1) await bench.begin({ body: 'x', conversationId }, principal);
    const refused = bench.begin({ body: 'x', conversationId }, principal);
    await expect(refused).rejects.toMatchObject({ status: 429 });
  });
});

describe('An S3 server that is away', () => {
  let bench: AssetsBench;

  beforeAll(async () => {
    bench = await openBench();
  }, 120_000);
  afterAll(() => bench.close());

  it('is said so, nothing is half-stored, and all goes on when it is back', async () => {
    const kept = await bench.upload({ body: 'kept' });
    const doomed = await bench.upload({ body: 'doomed' });
    const begun = await bench.begin({ body: 'later' });
    await bench.send(begun.upload, 'later');
    await bench.stopS3();
    const away = { status: 503, code: 'unavailable', retryAfterSeconds: 5 };
    await expect(bench.complete(begun.asset.id)).rejects.toMatchObject(away);
    await expect(bench.begin({ body: 'new' })).rejects.toMatchObject(away);
    await expect(bench.call(downloadAsset, { assetId: kept.id })).rejects.toMatchObject(away);
    const { data } = await bench.call(listAssets, {});
    expect(data.map(({ id, status }) => ({ id, status }))).toEqual([
      { id: begun.asset.id, status: 'pending' },
      { id: doomed.id, status: 'ready' },
      { id: kept.id, status: 'ready' },
    ]);
    await bench.call(deleteAsset, { assetId: doomed.id });
    await bench.startS3();
    expect(await bench.complete(begun.asset.id)).toMatchObject({ status: 'ready' });
    await bench.until(() => bench.objects(doomed.id).length === 0, 'The end of the objects', 25_000);
    const { url } = await bench.call(downloadAsset, { assetId: kept.id });
    expect(await (await fetch(url)).text()).toBe('kept');
  }, 60_000);
});
