import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelStore, type VoiceModel } from './model-store.ts';

/** Serves one archive with ranges; `next` may spoil the next answer. */
function modelServer(file: Buffer) {
  const state = {
    file,
    ranges: [] as (string | null)[],
    next: 'whole' as 'whole' | 'cut' | 'stall' | 'missing' | 'slow',
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const range = request.headers.range ?? null;
    state.ranges.push(range);
    const how = state.next;
    state.next = 'whole';
    if (how === 'missing') return void response.writeHead(404).end();
    const etag = `"${createHash('sha256').update(state.file).digest('hex').slice(0, 16)}"`;
    const from = range && request.headers['if-range'] === etag ? Number(/\d+/.exec(range)?.[0]) : 0;
    if (from >= state.file.length) return void response.writeHead(416).end();
    const rest = state.file.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { etag, 'content-length': rest.length });
    if (how === 'whole') return void response.end(rest);
    response.write(rest.subarray(0, Math.floor(rest.length / 2)));
    if (how === 'cut') setTimeout(() => response.destroy(), 50);
  });
  return { state, server };
}

describe('the store of voice models', () => {
  const work = mkdtempSync(join(tmpdir(), 'voice-models-'));
  const archive = (content: string): Buffer => {
    const folder = join(work, 'made', 'some-model-2023');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'tokens.txt'), content);
    writeFileSync(join(folder, 'noise.bin'), createHash('sha512').update(content).digest());
    execFileSync('tar', ['-czf', join(work, 'made.tar.gz'), '-C', join(work, 'made'), 'some-model-2023']);
    return readFileSync(join(work, 'made.tar.gz'));
  };
  const { state, server } = modelServer(archive('tokens '.repeat(5000)));
  const hash = (): string => createHash('sha256').update(state.file).digest('hex');
  let model: VoiceModel;
  let store: ModelStore;
  let count = 0;

  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  beforeEach(() => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some-model.tar.gz`;
    model = { name: 'some', kind: 'stt', languages: ['en'], licence: 'none', url, sha256: null };
    store = new ModelStore(join(work, `store-${(count += 1)}`));
    state.ranges.length = 0;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(work, { recursive: true, force: true });
  });

  const files = (): string[] => readdirSync(store.folder, { recursive: true }).map(String).sort();

  it('pulls a model whole, shows how far it is, and remembers a checksum that nobody told', async () => {
    const seen: [number, number | null][] = [];
    const done = await store.pull(model, { onProgress: (...step) => seen.push(step) });
    expect(done).toMatchObject({ sha256: hash(), trust: 'first use', wasThere: false });
    expect(seen.at(-1)).toEqual([state.file.length, state.file.length]);
    expect(files()).toEqual(['.parts', 'checksums.json', 'some', 'some/noise.bin', 'some/tokens.txt']);
    expect(await store.pull(model)).toMatchObject({ wasThere: true });
    expect(state.ranges).toEqual([null]);
    rmSync(join(store.folder, 'some'), { recursive: true });
    expect(await store.pull(model)).toMatchObject({ trust: 'remembered', wasThere: false });
  });

  it('goes on where a connection broke', async () => {
    state.next = 'cut';
    await expect(store.pull(model)).rejects.toThrow('Run the same command again');
    const part = statSync(join(store.folder, '.parts', 'some-model.tar.gz')).size;
    expect(part).toBeGreaterThan(0);
    expect(await store.has(model)).toBe(false);
    expect(await store.pull({ ...model, sha256: hash() })).toMatchObject({ trust: 'known' });
    expect(state.ranges).toEqual([null, `bytes=${part}-`]);
  });

  it('keeps the part when broken off or when the server falls silent', async () => {
    const stop = new AbortController();
    state.next = 'stall';
    const pulling = store.pull(model, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(pulling).rejects.toThrow('Broken off. Run the same command again to go on.');
    state.next = 'stall';
    await expect(store.pull(model, { timeoutMs: 100 })).rejects.toThrow('said nothing for too long');
    expect(await store.pull(model)).toMatchObject({ sha256: hash() });
    expect(state.ranges[1]).toMatch(/^bytes=[1-9]/);
  });

  it('starts anew when the file has changed meanwhile', async () => {
    const before = state.file;
    state.next = 'cut';
    await expect(store.pull(model)).rejects.toThrow();
    state.file = archive('other '.repeat(6000));
    expect(await store.pull(model)).toMatchObject({ sha256: hash() });
    state.file = before;
  });

  it('refuses and removes what has another checksum', async () => {
    const wrong = { ...model, sha256: 'f'.repeat(64) };
    await expect(store.pull(wrong)).rejects.toThrow(`has the SHA-256 ${hash()}, not ffff`);
    expect(await store.has(model)).toBe(false);
    expect(files()).toEqual(['.parts']);
  });

  it('says what to do when a model is gone, or its archive is none', async () => {
    state.next = 'missing';
    await expect(store.pull(model)).rejects.toThrow('status 404. The model has moved');
    const before = state.file;
    state.file = Buffer.from('this is no archive');
    await expect(store.pull(model)).rejects.toThrow('could not be unpacked');
    state.file = before;
    expect(await store.has(model)).toBe(false);
    await expect(store.pull({ ...model, url: 'http://127.0.0.1:1/x.tar.gz' })).rejects.toThrow(
      '127.0.0.1:1 broke',
    );
  });
});
