import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  addDocument,
  createKnowledgeBase,
  getDocument,
  listDocuments,
  type OperationOutput,
  type OperationRequest,
  searchKnowledge,
} from '@parley/contracts';
import { type FlowBench, openBench } from '../../test/bench.ts';

type Document = OperationOutput<typeof addDocument>;
type Given = Omit<OperationRequest<typeof addDocument>, 'spaceId' | 'knowledgeBaseId'>;

let bench: FlowBench;
let site: Server;
let siteUrl: string;
let knowledgeBaseId: string;
/** What each path answers: a status, or a text as soon as it is there. */
const pages = new Map<string, number | Promise<string>>();

beforeAll(async () => {
  bench = await openBench();
  site = createServer((request, response) => {
    const page = pages.get(request.url ?? '') ?? 404;
    if (typeof page === 'number') response.writeHead(page).end();
    else void page.then((text) => response.writeHead(200, { 'content-type': 'text/html' }).end(text));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}, 60_000);

beforeEach(async () => {
  ({ id: knowledgeBaseId } = await bench.call(createKnowledgeBase, { name: 'Documents' }));
});

afterAll(async () => {
  site.closeAllConnections();
  site.close();
  await bench.close();
});

const serve = (path: string, text: string): void => void pages.set(path, Promise.resolve(text));

async function ended({ id: documentId }: Document): Promise<Document> {
  return bench.until(async () => {
    const document = await bench.call(getDocument, { knowledgeBaseId, documentId });
    return document.status === 'ready' || document.status === 'failed' ? document : undefined;
  }, 'The end of reading');
}

const add = (given: Given): Promise<Document> => bench.call(addDocument, { knowledgeBaseId, ...given });

const list = async (): Promise<Document[]> => (await bench.call(listDocuments, { knowledgeBaseId })).data;

async function search(q: string): Promise<string[]> {
  const { data } = await bench.call(searchKnowledge, { knowledgeBaseId, q });
  return data.map((hit) => hit.text);
}

describe('the same URL again', () => {
  test('replaces its document once it is ready, and until then the old one is searched', async () => {
    serve('/opening', '<title>Opening</title><p>The museum opens at nine.</p>');
    const url = `${siteUrl}/opening`;
    const old = await ended(await add({ url, metadata: { owner: 'Ada' } }));
    const { promise: page, resolve: answer } = Promise.withResolvers<string>();
    pages.set('/opening', page);
    const added = await add({ url: `${url}#hours` });
    expect(added.id).not.toBe(old.id);
    expect(await search('museum opens')).toEqual(['The museum opens at nine.']);
    answer('<title>Opening</title><p>The museum opens at ten.</p>');
    expect(await ended(added)).toMatchObject({ status: 'ready', url, metadata: { owner: 'Ada' } });
    expect((await list()).map(({ id }) => id)).toEqual([added.id]);
    expect(await search('museum opens')).toEqual(['The museum opens at ten.']);
  });

  test.each<[string, number | Promise<string>, RegExp]>([
    ['cannot be fetched', 404, /status 404\. The document that was added with this URL before stays in use/],
    ['cannot be read', Promise.resolve('<script>1</script>'), /No text was found.* before stays in use/],
  ])('that %s leaves the old document as it is, and says so', async (_what, page, reason) => {
    serve('/opening', '<p>The museum opens at nine.</p>');
    const url = `${siteUrl}/opening`;
    const old = await ended(await add({ url }));
    pages.set('/opening', page);
    const failed = await ended(await add({ url }));
    expect(failed).toMatchObject({ status: 'failed', reason: expect.stringMatching(reason) });
    expect(await search('museum opens')).toEqual(['The museum opens at nine.']);
    serve('/opening', '<p>The museum opens at noon.</p>');
    const added = await ended(await add({ url }));
    expect((await list()).map(({ id }) => id)).toEqual([added.id]);
    expect(added.id).not.toBe(old.id);
  });

  test('added at once by several is one document in the end', async () => {
    serve('/opening', '<p>The museum opens at nine.</p>');
    const url = `${siteUrl}/opening`;
    await Promise.all([1, 2, 3, 4].map(() => add({ url })));
    const [newest] = await list();
    if (newest) await ended(newest);
    await bench.until(async () => (await list()).length === 1, 'One document');
    expect(await search('museum opens')).toEqual(['The museum opens at nine.']);
  });

  test('that is read late does not come back over a newer one', async () => {
    const { promise: page, resolve: answer } = Promise.withResolvers<string>();
    const url = `${siteUrl}/slow`;
    pages.set('/slow', page);
    const slow = await add({ url });
    await bench.until(async () => (await list())[0]?.status === 'ingesting', 'The fetch');
    serve('/slow', '<p>The tower is new.</p>');
    const newer = await ended(await add({ url }));
    answer('<p>The tower is old.</p>');
    await expect(ended(slow)).rejects.toMatchObject({ status: 404 });
    expect((await list()).map(({ id }) => id)).toEqual([newer.id]);
    expect(await search('tower')).toEqual(['The tower is new.']);
  });

  test('with its text: other content replaces, equal content is the same document', async () => {
    const given = { title: 'Rates', mediaType: 'text/plain' as const, url: 'https://docs.example/rates' };
    const first = await ended(await add({ ...given, text: 'Nine euros.' }));
    expect((await add({ ...given, text: 'Nine euros.' })).id).toBe(first.id);
    const second = await ended(await add({ ...given, text: 'Ten euros.' }));
    const third = await ended(await add({ ...given, text: 'Nine euros.' }));
    expect((await list()).map(({ id }) => id)).toEqual([third.id]);
    expect(new Set([first.id, second.id, third.id]).size).toBe(3);
    const refused = await add({ ...given, text: ' ' });
    expect(refused).toMatchObject({ status: 'failed', reason: expect.stringContaining('stays in use') });
    expect(await search('euros')).toEqual(['Nine euros.']);
  });

  test('documents of one title with other content stay beside each other', async () => {
    const given = { title: 'Rates', mediaType: 'text/plain' as const };
    await ended(await add({ ...given, text: 'Nine euros for grown-ups.' }));
    await ended(await add({ ...given, text: 'Four euros for children.' }));
    expect(await search('euros')).toHaveLength(2);
  });
});

describe('an odd document is read within seconds', () => {
  const flags = '🇩🇪🇫🇷'.repeat(100_000);
  test.each<[string, Given['mediaType'], string]>([
    ['emoji without end', 'text/plain', `x${'😀👩🏽‍🚀'.repeat(60_000)}`],
    ['flags without end', 'text/markdown', `# ${flags.slice(0, 4000)}\n\n- ${flags}`],
    [
      'emoji in headings, terms, cells and code',
      'text/html',
      ['h1', 'dt', 'dd', 'td', 'pre', 'li']
        .map((tag) => `<${tag}>x${'👨‍👩‍👧‍👦'.repeat(500)}</${tag}>`)
        .join(''),
    ],
    ['marks without end', 'text/plain', `e${'\u0301'.repeat(200_000)}`],
    ['Han without punctuation', 'text/plain', '漢字'.repeat(200_000)],
    ['one line of 5 MB', 'text/plain', 'word and number 12345 '.repeat(238_000)],
    ['one word of 5 MB', 'text/plain', 'a'.repeat(5_000_000)],
    [
      'a table of 20,000 rows',
      'text/html',
      `<table><tr><th>No<th>Price${'<tr><td>12<td>3,50 €'.repeat(20_000)}</table>`,
    ],
    ['100,000 elements side by side', 'text/html', `<p>${'<span>one</span><b>two</b>'.repeat(50_000)}`],
    ['quotes and backslashes', 'text/plain', String.raw`'a' \'b' \u0000 $1 %s ${"'\\".repeat(5000)} end`],
  ])('%s', async (title, mediaType, text) => {
    const started = performance.now();
    const document = await ended(await add({ title, mediaType, text }));
    expect(document).toMatchObject({ status: 'ready', reason: null });
    expect(performance.now() - started).toBeLessThan(15_000);
    const { data } = await bench.call(searchKnowledge, { knowledgeBaseId, q: title, limit: 50 });
    for (const hit of data) expect(`${hit.text}${hit.headingPath.join('')}`.isWellFormed()).toBe(true);
  });

  test('text with NUL is refused with its place, a file with NUL fails with the reason', async () => {
    await expect(add({ title: 'NUL', mediaType: 'text/plain', text: 'a\u0000b' })).rejects.toMatchObject({
      status: 400,
      errors: [{ pointer: '/text', detail: expect.stringContaining('U+0000') }],
    });
    const base64 = Buffer.from('a\u0000b').toString('base64');
    const document = await add({ file: { name: 'a.txt', mediaType: 'text/plain', base64 } });
    expect(document).toMatchObject({ status: 'failed', reason: expect.stringContaining('binary data') });
  });
});
