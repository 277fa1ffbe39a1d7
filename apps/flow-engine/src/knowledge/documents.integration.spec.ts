import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  addDocument,
  createKnowledgeBase,
  deleteDocument,
  getDocument,
  listDocuments,
  type OperationOutput,
  type OperationRequest,
  searchKnowledge,
  updateDocument,
  updateKnowledgeBase,
} from '@parley/contracts';
import { type FlowBench, openBench } from '../../test/bench.ts';

type Document = OperationOutput<typeof addDocument>;
type Given = Omit<OperationRequest<typeof addDocument>, 'spaceId' | 'knowledgeBaseId'>;
type Route = (request: IncomingMessage, response: ServerResponse) => void;

let bench: FlowBench;
let site: Server;
let siteUrl: string;
let knowledgeBaseId: string;
const routes = new Map<string, Route>();

beforeAll(async () => {
  bench = await openBench();
  site = createServer((request, response) => {
    const route = routes.get(request.url ?? '');
    if (route) return route(request, response);
    response.writeHead(404).end('nothing');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  ({ id: knowledgeBaseId } = await bench.call(createKnowledgeBase, { name: 'Documents' }));
}, 60_000);

afterAll(async () => {
  site.closeAllConnections();
  site.close();
  await bench.close();
});

const page = (type: string, body: string | Buffer, headers: Record<string, string> = {}): Route => {
  return (_request, response) => void response.writeHead(200, { 'content-type': type, ...headers }).end(body);
};

async function add(given: Given): Promise<Document> {
  const { id: documentId } = await bench.call(addDocument, { knowledgeBaseId, ...given });
  return bench.until(async () => {
    const document = await bench.call(getDocument, { knowledgeBaseId, documentId });
    return document.status === 'ready' || document.status === 'failed' ? document : undefined;
  }, 'The end of reading');
}

const file = (bytes: Buffer | string, name: string, mediaType = ''): Given => ({
  file: { name, mediaType, base64: Buffer.from(bytes).toString('base64') },
});

async function search(q: string): Promise<string[]> {
  const { data } = await bench.call(searchKnowledge, { knowledgeBaseId, q });
  return data.map((hit) => hit.title);
}

async function passagesOf(documentId: string): Promise<number> {
  const rows = await bench.in((trx) =>
    trx
      .selectFrom('passage' as never)
      .selectAll()
      .where('document_id' as never, '=', documentId as never)
      .execute(),
  );
  return rows.length;
}

describe('a file', () => {
  test.each([
    ['quokka.md', '', '# Quokka\n\nThe quokka sleeps at noon.', 'text/markdown'],
    ['numbat.txt', 'text/plain', 'The numbat wakes at dawn.', 'text/plain'],
    ['bilby.html', 'application/octet-stream', '<p>The bilby digs at dusk.</p>', 'text/html'],
  ])('%s is read by what it is', async (name, mediaType, text, told) => {
    const document = await add(file(text, name, mediaType));
    expect(document).toMatchObject({ status: 'ready', title: name, mediaType: told, passages: 1 });
    expect((await search(name.replace(/\..*/, '')))[0]).toBe(name);
  });

  test.each([
    ['a path of Windows', 'C:\\fakepath\\echidna.md', 'echidna.md'],
    ['a path out of its folder', '../../echidna.txt', 'echidna.txt'],
    ['nothing', '', 'Untitled'],
    ['letters that are put together', 'E\u0301chidne.md', 'Échidne.md'],
  ])('that is named by %s has a title that people can read', async (_what, name, title) => {
    const given = file(`The echidna of ${title} curls up.`, name, 'text/plain');
    expect(await bench.call(addDocument, { knowledgeBaseId, ...given })).toMatchObject({ title });
  });

  test.each([
    ['a.md', '\ufeff---\r\ntitle: Care of bats\r\n---\r\n\r\nThey hang.', 'Care of bats'],
    ['b.md', '+++\ntitle = "Care of owls"\n+++\nThey hoot.', 'Care of owls'],
    [
      'c.html',
      '<title>Care &amp; food of&nbsp;&#8203;newts</title><p>They swim.</p>',
      'Care & food of newts',
    ],
  ])(
    '%s has the title that it gives itself, and another only where you give one',
    async (name, text, title) => {
      const document = await add(file(text, name));
      expect(document).toMatchObject({ title, status: 'ready' });
      const given = await add({ ...file(text, name), title: `Given for ${name}` });
      const own = title.split(' ').at(-1) ?? '';
      expect((await search(own)).sort()).toEqual([title, given.title].sort());
    },
  );

  test.each([
    ['by its media type', Buffer.from('Der Käfer schläft.', 'latin1'), 'text/plain; charset=iso-8859-1'],
    [
      'by its own declaration',
      Buffer.from('<meta charset="latin1"><p>Der Käfer schläft.</p>', 'latin1'),
      'text/html',
    ],
    ['by its byte order mark', Buffer.from('\ufeffDer Käfer schläft.', 'utf16le'), 'text/plain'],
  ])('finds its charset %s', async (title, bytes, mediaType) => {
    expect(await add({ ...file(bytes, 'x', mediaType), title })).toMatchObject({ status: 'ready' });
    const { data } = await bench.call(searchKnowledge, { knowledgeBaseId, q: 'Käfer', limit: 50 });
    expect(data.find((hit) => hit.title === title)?.text).toBe('Der Käfer schläft.');
  });

  test.each([
    ['latin-1 that says nothing', file(Buffer.from([0x4b, 0xe4, 0x66]), 'a.txt'), /not text in utf-8/],
    ['a charset nobody knows', file('x', 'a.txt', 'text/plain; charset=klingon'), /klingon/],
    ['a program', file(Buffer.from('\u007fELF\u0000\u0001\u0002 text'), 'a.txt'), /binary data/],
    ['an archive', file('PK\u0003\u0004', 'a.zip', 'application/zip'), /media type application\/zip/],
    ['10,000 levels of HTML', file('<div>'.repeat(10_000), 'a.html'), /levels deep/],
    ['nothing', file('', 'a.txt'), /empty/],
  ])('%s fails with the reason, and leaves nothing behind', async (_what, given, reason) => {
    const document = await add(given);
    expect(document).toMatchObject({ status: 'failed', reason: expect.stringMatching(reason), passages: 0 });
    expect(await passagesOf(document.id)).toBe(0);
  });
});

describe('a URL', () => {
  test('is fetched through redirects and read under its own title', async () => {
    routes.set('/old', (_request, response) => void response.writeHead(302, { location: '/new' }).end());
    routes.set(
      '/new',
      page('text/html', '<title>Dingo &amp; dog</title><p>The dingo howls at the moon.</p>'),
    );
    const document = await add({ url: `${siteUrl}/old` });
    expect(document).toMatchObject({ status: 'ready', title: 'Dingo & dog', mediaType: 'text/html' });
    expect(document.bytes).toBeGreaterThan(50);
    const { data } = await bench.call(searchKnowledge, { knowledgeBaseId, q: 'Who howls at the moon?' });
    expect(data[0]).toMatchObject({ title: 'Dingo & dog', url: `${siteUrl}/old` });
  });

  test('is asked again when it fails in passing', async () => {
    let asked = 0;
    routes.set('/shaky', (request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else page('text/plain', 'The emu runs.')(request, response);
    });
    expect(await add({ url: `${siteUrl}/shaky`, title: 'Emu' })).toMatchObject({
      status: 'ready',
      title: 'Emu',
    });
    expect(asked).toBe(2);
  });

  test.each<[string, Route | null, RegExp]>([
    ['an address without page', null, /status 404/],
    ['an image', page('image/png', Buffer.from([0x89, 0x50])), /image\/png/],
    ['more than the limit', page('text/plain', 'word '.repeat(2_000_000)), /fetched/],
    [
      'a bomb of zeros',
      page('text/html', gzipSync(Buffer.alloc(64 * 1024 * 1024, 32)), { 'content-encoding': 'gzip' }),
      /fetched/,
    ],
    [
      'a redirect within',
      (_q, response) => void response.writeHead(302, { location: 'http://10.0.0.1/' }).end(),
      /public address/,
    ],
    [
      'a redirect to a file',
      (_q, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      /fetched/,
    ],
    ['a circle', (_q, response) => void response.writeHead(302, { location: '/it' }).end(), /redirects more/],
  ])('%s fails with the reason', async (_what, route, reason) => {
    if (route) routes.set('/it', route);
    else routes.delete('/it');
    const document = await add({ url: `${siteUrl}/it` });
    expect(document).toMatchObject({ status: 'failed', reason: expect.stringMatching(reason), passages: 0 });
    expect(await passagesOf(document.id)).toBe(0);
  });

  test('of the house itself is not fetched', async () => {
    expect(await add({ url: 'http://169.254.169.254/latest/meta-data' })).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('EGRESS_ALLOW'),
    });
  });
});

test.each<[string, Given]>([
  ['nothing at all', {}],
  ['text and file', { ...file('x', 'a.txt'), text: 'x', title: 'x', mediaType: 'text/plain' }],
  ['text without title', { text: 'x', mediaType: 'text/plain' }],
  ['text without media type', { text: 'x', title: 'x' }],
])('%s is refused', async (_what, given) => {
  await expect(bench.call(addDocument, { knowledgeBaseId, ...given })).rejects.toMatchObject({ status: 400 });
});

test('the same document twice is one, however often it is sent at once', async () => {
  const same = { title: 'Kiwi', mediaType: 'text/plain' as const, text: 'The kiwi whistles.' };
  const ids = await Promise.all(
    Array.from({ length: 5 }, async () => (await bench.call(addDocument, { knowledgeBaseId, ...same })).id),
  );
  expect(new Set(ids).size).toBe(1);
  const other = await bench.call(addDocument, { knowledgeBaseId, ...same, title: 'Another kiwi' });
  expect(ids).not.toContain(other.id);
});

test('a document that is deleted before it is fetched stays deleted', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>();
  routes.set('/slow', (request, response) => {
    wasAsked();
    void released.then(() => page('text/plain', 'The slow loris waits.')(request, response));
  });
  const { id: documentId } = await bench.call(addDocument, { knowledgeBaseId, url: `${siteUrl}/slow` });
  await asked;
  await bench.call(deleteDocument, { knowledgeBaseId, documentId });
  release();
  await add({ title: 'After', mediaType: 'text/plain', text: 'After the loris.' });
  expect(await passagesOf(documentId)).toBe(0);
  await expect(bench.call(getDocument, { knowledgeBaseId, documentId })).rejects.toMatchObject({
    status: 404,
  });
});

/** The stems that a document's title counts for. */
async function titleOf(documentId: string): Promise<string[]> {
  const rows = await bench.in((trx) =>
    trx
      .selectFrom('posting' as never)
      .select('lexeme' as never)
      .where('document_id' as never, '=', documentId as never)
      .where('title_frequency' as never, '>', 0 as never)
      .orderBy('lexeme' as never)
      .execute(),
  );
  return rows.map((row) => (row as { lexeme: string }).lexeme);
}

test('a document is found by its new title, no more by the old one, and keeps its passages', async () => {
  const text = '# Care\n\nFeed it twice a day, and clip its claws.';
  const metadata = { owner: { name: 'Ada', team: 'A' }, tag: 'x' };
  const given = { title: 'Wombats', mediaType: 'text/markdown' as const, text, metadata };
  const { id: documentId } = await add(given);
  const before = await passagesOf(documentId);
  expect(await titleOf(documentId)).toEqual(['wombat']);
  const changed = await bench.call(updateDocument, {
    ...{ knowledgeBaseId, documentId, title: '  Quokka husbandry ' },
    metadata: { owner: { team: null }, tag: null, more: 1 },
  });
  expect(changed).toMatchObject({ title: 'Quokka husbandry', status: 'ready' });
  expect(changed.metadata).toEqual({ owner: { name: 'Ada' }, more: 1 });
  expect(await titleOf(documentId)).toEqual(['husbandri', 'quokka']);
  const { data } = await bench.call(searchKnowledge, {
    knowledgeBaseId,
    q: 'how do I clip the claws of a quokka?',
  });
  expect(data[0]?.title).toBe('Quokka husbandry');
  expect(data[0]?.headingPath).toEqual(['Quokka husbandry', 'Care']);
  expect(await passagesOf(documentId)).toBe(before);
  await bench.call(updateDocument, { knowledgeBaseId, documentId, metadata: null });
  expect(await bench.call(getDocument, { knowledgeBaseId, documentId })).toMatchObject({ metadata: {} });
});

test('a title that is given while the document is read stays, and is searched', async () => {
  const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  routes.set('/numbat', (request, response) => {
    wasAsked();
    const html = '<title>Of the page</title><p>It eats termites all day.</p>';
    void released.then(() => page('text/html', html)(request, response));
  });
  const { id: documentId } = await bench.call(addDocument, { knowledgeBaseId, url: `${siteUrl}/numbat` });
  await asked;
  await bench.call(updateDocument, { knowledgeBaseId, documentId, title: 'Numbats' });
  release();
  await bench.until(async () => {
    const { status } = await bench.call(getDocument, { knowledgeBaseId, documentId });
    return status === 'ready';
  }, 'The document');
  expect(await bench.call(getDocument, { knowledgeBaseId, documentId })).toMatchObject({ title: 'Numbats' });
  expect(await titleOf(documentId)).toEqual(['numbat']);
  expect(await search('termites')).toEqual(['Numbats']);
});

test('words that stand in the title alone, or in the first heading alone, find the document', async () => {
  const text = 'Keep the water at 26 degrees and feed them sparingly.';
  await add({ title: 'Axolotl nutrition', mediaType: 'text/plain', text });
  await add({ title: 'Axolotl diseases', mediaType: 'text/markdown', text: `# Axolotl diseases\n\n${text}` });
  await add({ title: 'chapter-7.md', mediaType: 'text/markdown', text: `# Salamander nursery\n\n${text}` });
  expect(await search('nutrition')).toEqual(['Axolotl nutrition']);
  expect((await search('axolotl')).sort()).toEqual(['Axolotl diseases', 'Axolotl nutrition']);
  expect(await search('salamander nursery')).toEqual(['chapter-7.md']);
});

test('a knowledge base changes in part', async () => {
  const { id } = await bench.call(createKnowledgeBase, { name: 'Old', metadata: { a: { b: 1 }, c: 2 } });
  const change = { knowledgeBaseId: id, name: 'New', metadata: { a: { d: 3 }, c: null } };
  const changed = await bench.call(updateKnowledgeBase, change);
  expect(changed).toMatchObject({ id, name: 'New', documents: 0 });
  expect(changed.metadata).toEqual({ a: { b: 1, d: 3 } });
});

test('another space finds nothing here, and cannot add, list or delete', async () => {
  const { otherSpaceId } = bench;
  const [document] = (await bench.call(listDocuments, { knowledgeBaseId })).data;
  const documentId = document?.id ?? '';
  const refused = [
    bench.call(searchKnowledge, { knowledgeBaseId, q: 'kiwi' }, otherSpaceId),
    bench.call(listDocuments, { knowledgeBaseId }, otherSpaceId),
    bench.call(getDocument, { knowledgeBaseId, documentId }, otherSpaceId),
    bench.call(deleteDocument, { knowledgeBaseId, documentId }, otherSpaceId),
    bench.call(updateDocument, { knowledgeBaseId, documentId, title: 'x' }, otherSpaceId),
    bench.call(updateKnowledgeBase, { knowledgeBaseId, name: 'x' }, otherSpaceId),
    bench.call(addDocument, { knowledgeBaseId, ...file('x', 'a.txt') }, otherSpaceId),
  ];
  const foreign = { status: 404 };
  const reasons = (await Promise.allSettled(refused)).map((one) => one.status === 'rejected' && one.reason);
  expect(reasons).toMatchObject(refused.map(() => foreign));
});
