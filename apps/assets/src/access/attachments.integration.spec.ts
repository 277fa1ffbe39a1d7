import {
  type Asset,
  attachAssets,
  conversationDeleted,
  createFolder,
  deleteAsset,
  downloadAsset,
  getAsset,
  listAssets,
  servicePrincipal,
  updateAsset,
} from '@parley/contracts';
import { type AssetsBench, openBench, type VisitorOfBench } from '../../test/bench.ts';

let bench: AssetsBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(() => bench.close());

async function attach(asset: Asset, conversationId: string, shown = true): Promise<string[]> {
  const input = { principal: bench.member(), assetIds: [asset.id], conversationId, shown };
  const { assets } = await bench.call(attachAssets, input);
  return assets.map(({ id }) => id);
}

const looks = ({ principal }: VisitorOfBench, { id: assetId }: Asset) =>
  bench.call(getAsset, { assetId }, { principal });

describe('A file that a message names', () => {
  it('is seen, downloaded and listed by the visitor of its conversation, and by no other', async () => {
    const [one, two] = [bench.visitor(), bench.visitor()];
    const asset = await bench.upload({ body: 'for whom it is sent to' });
    await expect(looks(one, asset)).rejects.toMatchObject({ status: 404 });
    expect(await attach(asset, one.conversationId)).toEqual([asset.id]);
    expect(await attach(asset, one.conversationId)).toEqual([asset.id]);
    expect(await looks(one, asset)).toEqual(asset);
    const { principal, conversationId } = one;
    const { url } = await bench.call(downloadAsset, { assetId: asset.id }, { principal });
    expect(await (await fetch(url)).text()).toBe('for whom it is sent to');
    const { data } = await bench.call(listAssets, { conversationId }, { principal });
    expect(data.map(({ id }) => id)).toEqual([asset.id]);
    await expect(looks(two, asset)).rejects.toMatchObject({ status: 404 });
  });

  it('is seen by the visitors of each conversation that it was sent to, also where it belongs to another', async () => {
    const [one, two] = [bench.visitor(), bench.visitor()];
    const asset = await bench.upload({ body: 'for both', conversationId: one.conversationId });
    await attach(asset, two.conversationId);
    expect(await looks(one, asset)).toEqual(asset);
    // Whose conversation it belongs to is not for the other.
    expect(await looks(two, asset)).toEqual({ ...asset, conversationId: null });
  });

  it('is seen without what members noted about it', async () => {
    const one = bench.visitor();
    const { conversationId } = one;
    const asset = await bench.upload({ body: 'an offer', conversationId });
    const folder = await bench.call(createFolder, { name: 'Offers' });
    const metadata = { margin: '40 %' };
    await bench.call(updateAsset, { assetId: asset.id, metadata, folderId: folder.id });
    expect(await looks(one, asset)).toMatchObject({ conversationId, metadata: {}, folderId: null });
    const { data } = await bench.call(listAssets, { conversationId }, { principal: one.principal });
    expect(data).toMatchObject([{ id: asset.id, conversationId, metadata: {}, folderId: null }]);
  });

  it('goes with its conversation, unless it was sent to another or belongs to the space', async () => {
    const [one, two] = [bench.visitor(), bench.visitor()];
    const { conversationId } = one;
    const own = await bench.upload({ body: 'said here', conversationId });
    const both = await bench.upload({ body: 'said twice', conversationId });
    const general = await bench.upload({ body: 'the price list' });
    await attach(both, two.conversationId);
    await attach(general, conversationId);
    await bench.tell(conversationDeleted, { conversationId, sequence: 9 });
    await bench.until(() => bench.objects(own.id).length === 0, 'The end of the file');
    await expect(bench.call(getAsset, { assetId: own.id })).rejects.toMatchObject({ status: 404 });
    expect((await bench.events(own.id)).at(-1)).toMatchObject({
      name: 'asset.deleted',
      data: { assetId: own.id, conversationId, reason: 'request' },
    });
    expect(await looks(two, both)).toMatchObject({ conversationId: two.conversationId });
    expect(await bench.call(getAsset, { assetId: general.id })).toMatchObject({ id: general.id });
    await expect(looks(one, general)).rejects.toMatchObject({ status: 404 });
    expect((await bench.call(listAssets, { conversationId })).data).toEqual([]);
  });

  it('in a note of the team, or for the team alone, is shown to no visitor', async () => {
    const one = bench.visitor();
    const noted = await bench.upload({ body: 'for the team' });
    expect(await attach(noted, one.conversationId, false)).toEqual([noted.id]);
    await expect(looks(one, noted)).rejects.toMatchObject({ status: 404 });
    const kept = await bench.upload({ body: 'a recording' });
    await bench.in((trx) =>
      trx.updateTable('asset').set({ internal: true }).where('id', '=', kept.id).execute(),
    );
    await attach(kept, one.conversationId);
    await expect(looks(one, kept)).rejects.toMatchObject({ status: 404 });
  });

  it('is deleted with all that was said of it', async () => {
    const one = bench.visitor();
    const asset = await bench.upload({ body: 'gone' });
    await attach(asset, one.conversationId);
    await bench.call(deleteAsset, { assetId: asset.id });
    expect(await attach(asset, one.conversationId)).toEqual([]);
    const shares = bench.in((trx) =>
      trx.selectFrom('share').selectAll().where('asset_id', '=', asset.id).execute(),
    );
    expect(await shares).toEqual([]);
  });

  it('of another space is none', async () => {
    const asset = await bench.upload({ body: 'elsewhere' });
    const { conversationId } = bench.visitor();
    const principal = bench.member();
    const input = {
      ...{ spaceId: bench.otherSpaceId, principal },
      ...{ assetIds: [asset.id], conversationId, shown: true },
    };
    expect((await bench.call(attachAssets, input)).assets).toEqual([]);
  });
});

it('of a file of a direct room only its participants are told', async () => {
  const { conversationId } = bench.visitor();
  bench.hidden.push(conversationId);
  const principal = servicePrincipal('spec', bench.spaceId);
  const { id } = await bench.upload({ body: 'between us two', conversationId }, principal);
  const [stored] = await bench.events(id);
  expect(stored).toMatchObject({ name: 'asset.stored', data: { asset: { id }, audience: [] } });
  bench.hidden.length = 0;
});

it('a file of a direct room is there for nobody else of the space', async () => {
  const { conversationId } = bench.visitor();
  const asset = await bench.upload({ body: 'between us', conversationId });
  const assetId = asset.id;
  const ofAll = await bench.upload({ body: 'from the library' });
  expect(await attach(ofAll, conversationId)).toEqual([ofAll.id]);
  const outside = bench.visitor();
  expect(await bench.call(getAsset, { assetId })).toMatchObject({ conversationId });
  bench.hidden.push(conversationId);
  const as = { principal: bench.member() };
  const calls = [
    bench.call(getAsset, { assetId }, as),
    bench.call(downloadAsset, { assetId }, as),
    bench.call(updateAsset, { assetId, fileName: 'x.txt' }, as),
    bench.call(deleteAsset, { assetId }, as),
    // Which files of the library were shown there is nobody else's to know either.
    bench.call(listAssets, { conversationId }, as),
  ];
  for (const call of calls) await expect(call).rejects.toMatchObject({ status: 404 });
  expect((await bench.call(listAssets, {}, as)).data.map(({ id }) => id)).not.toContain(assetId);
  // Nor can it be carried out of the room by naming it in another conversation.
  expect(await attach(asset, outside.conversationId)).toEqual([]);
  await expect(looks(outside, asset)).rejects.toMatchObject({ status: 404 });
  bench.hidden.length = 0;
});
