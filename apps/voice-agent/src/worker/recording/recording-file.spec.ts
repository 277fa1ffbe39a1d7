import { setTimeout as sleep } from 'node:timers/promises';
import { FakeStorage } from '../../../test/fake-storage.ts';
import { type Ask, RecordingFile } from './recording-file.ts';

const call = { spaceId: 'space_one', callId: 'call_one', generation: 2, conversationId: 'conv_one' };
const piece = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array(6400).fill(value);

describe('A recording’s file', () => {
  let storage: FakeStorage;
  let asked: [string, unknown][];
  let failures: string[];

  const ask = (async (definition: { name: string }, input: Record<string, unknown>) => {
    asked.push([definition.name, input]);
    if (definition.name === 'asset.begin_storage') return { asset: { id: 'asset_one' }, upload: null };
    return storage.sign(input as { assetId: string; first: number; count: number });
  }) as unknown as Ask;
  const begin = (giveUpMs?: number): Promise<RecordingFile> =>
    RecordingFile.begin(ask, call, (reason) => failures.push(reason), giveUpMs);

  beforeEach(async () => {
    asked = [];
    failures = [];
    storage = new FakeStorage();
    await storage.open();
  });
  afterEach(() => storage.close());

  it('lies in Recordings, and is right after each part', async () => {
    const file = await begin();
    expect(asked[0]).toEqual([
      'asset.begin_storage',
      expect.objectContaining({
        ...{ spaceId: 'space_one', conversationId: 'conv_one', folderPath: ['Recordings'] },
        metadata: { callId: 'call_one', generation: 2 },
      }),
    ]);
    for (const value of [1, 2, 3]) {
      file.append(piece(value));
      expect(await file.finish()).toEqual({ parts: value + 1, incomplete: false });
      const bytes = storage.joined('asset_one');
      expect(bytes.length).toBe(44 + 6400 * value);
      expect(bytes.readUInt32LE(40)).toBe(6400 * value);
      expect(bytes.at(-1)).toBe(value);
    }
    expect(failures).toEqual([]);
  });

  it('outlives a storage that is away for a moment: nothing is missing', async () => {
    const file = await begin();
    storage.isAway = true;
    file.append(piece(1));
    await sleep(300);
    file.append(piece(2));
    await sleep(400);
    storage.isAway = false;
    expect(await file.finish()).toMatchObject({ incomplete: false });
    const bytes = storage.joined('asset_one');
    expect([bytes.length, bytes[44], bytes.at(-1)]).toEqual([44 + 12_800, 1, 2]);
    expect(failures).toEqual([]);
  });

  it('is given up, with one word of it, when the storage stays away', async () => {
    const file = await begin(600);
    file.append(piece(1));
    await file.finish();
    storage.isAway = true;
    file.append(piece(2));
    expect(await file.finish()).toEqual({ parts: 2, incomplete: true });
    const { refused } = storage;
    file.append(piece(3));
    expect(await file.finish()).toEqual({ parts: 2, incomplete: true });
    expect(storage.refused).toBe(refused);
    expect(failures).toEqual(['status 503']);
  });
});
