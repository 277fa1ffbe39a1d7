import {
  createFolder,
  deleteFolder,
  type Folder,
  getFolder,
  listFolders,
  newId,
  type Principal,
  updateAsset,
  updateFolder,
} from '@parley/contracts';
import { type AssetsBench, openBench } from '../../test/bench.ts';

describe('Folders', () => {
  let bench: AssetsBench;

  beforeAll(async () => {
    bench = await openBench();
  }, 120_000);
  afterAll(() => bench.close());

  const make = (name: string, parentId: string | null = null): Promise<Folder> =>
    bench.call(createFolder, { name, parentId });

  it('are a tree that is listed, renamed and moved', async () => {
    const root = await make('Contracts');
    const year = await make('2026', root.id);
    const month = await make('11', year.id);
    const archive = await make('Archive');
    const below = async (parentId: string): Promise<string[]> =>
      (await bench.call(listFolders, { parentId })).data.map(({ name }) => name);
    expect(await below('root')).toEqual(['Archive', 'Contracts']);
    expect(await below(root.id)).toEqual(['2026']);
    const moved = await bench.call(updateFolder, { folderId: year.id, parentId: archive.id, name: 'Old' });
    expect(moved).toMatchObject({ parentId: archive.id, name: 'Old' });
    expect(await below(root.id)).toEqual([]);
    expect(await below(year.id)).toEqual(['11']);
    expect(await bench.call(getFolder, { folderId: month.id })).toMatchObject({ parentId: year.id });
  });

  it('are never within themselves, also when two are moved at once', async () => {
    const one = await make('One');
    const two = await make('Two', one.id);
    const three = await make('Three', two.id);
    for (const parentId of [one.id, two.id, three.id])
      await expect(bench.call(updateFolder, { folderId: one.id, parentId })).rejects.toMatchObject({
        status: 422,
        code: 'folder_cycle',
      });
    const left = await make('Left');
    const right = await make('Right');
    const moves = await Promise.allSettled([
      bench.call(updateFolder, { folderId: left.id, parentId: right.id }),
      bench.call(updateFolder, { folderId: right.id, parentId: left.id }),
    ]);
    expect(moves.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('have names of their own in their folder, and no more than 32 levels', async () => {
    await make('Same');
    await expect(make('Same')).rejects.toMatchObject({ status: 409, code: 'name_taken' });
    let parent = await make('Deep');
    for (let level = 2; level <= 32; level += 1) parent = await make('Deep', parent.id);
    await expect(make('Deep', parent.id)).rejects.toMatchObject({ status: 422, code: 'folder_too_deep' });
  });

  it('are deleted only when they are empty', async () => {
    const folder = await make('Full');
    const asset = await bench.upload({ body: 'inside', folderId: folder.id });
    const refused = { status: 409, code: 'folder_not_empty' };
    await expect(bench.call(deleteFolder, { folderId: folder.id })).rejects.toMatchObject(refused);
    expect(await bench.call(updateAsset, { assetId: asset.id, folderId: null })).toMatchObject({
      folderId: null,
    });
    await bench.call(deleteFolder, { folderId: folder.id });
    const gone = { status: 404 };
    await expect(bench.call(getFolder, { folderId: folder.id })).rejects.toMatchObject(gone);
    await expect(bench.call(updateAsset, { assetId: asset.id, folderId: folder.id })).rejects.toMatchObject(
      gone,
    );
  });

  it('are of no other space', async () => {
    const folder = await make('Mine');
    const spaceId = bench.otherSpaceId;
    const principal: Principal = { type: 'api_key', id: 'key_two', spaces: { [spaceId]: 'owner' } };
    const gone = { status: 404 };
    const input = { spaceId, folderId: folder.id };
    for (const operation of [getFolder, updateFolder, deleteFolder])
      await expect(bench.call(operation, input, { principal })).rejects.toMatchObject(gone);
    const within = bench.call(createFolder, { spaceId, name: 'x', parentId: folder.id }, { principal });
    await expect(within).rejects.toMatchObject(gone);
    await expect(make('x', newId('fold'))).rejects.toMatchObject(gone);
  });
});
