import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Assets } from './assets.ts';

describe('Assets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-assets-'));

  afterAll(() => rmSync(folder, { recursive: true }));

  it('answers a file, packed and named by its content', async () => {
    writeFileSync(join(folder, 'one.js'), 'let one = 1;');
    const asset = await new Assets(folder).read('one.js');
    expect(asset?.type).toBe('text/javascript; charset=utf-8');
    expect(asset?.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(gunzipSync(asset?.gzip ?? '').toString()).toBe('let one = 1;');
  });

  it('reads anew what was built anew', async () => {
    const assets = new Assets(folder);
    writeFileSync(join(folder, 'two.js'), 'let two = 2;');
    const before = await assets.read('two.js');
    writeFileSync(join(folder, 'two.js'), 'let two = 3;');
    utimesSync(join(folder, 'two.js'), 1, 1);
    const after = await assets.read('two.js');
    expect(after?.plain.toString()).toBe('let two = 3;');
    expect(after?.hash).not.toBe(before?.hash);
  });

  it('says that a file is not there', async () => {
    expect(await new Assets(folder).read('three.js')).toBeNull();
  });
});
