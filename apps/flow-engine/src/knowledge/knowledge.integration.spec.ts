import { createDatabase, migrate } from '@parley/database';
import type { Database } from '@parley/database';
import { createTestDatabase } from '@parley/testing';
import type { TestDatabase } from '@parley/testing';
import { handbook } from './handbook.fixture.ts';
import { setImmediate } from 'node:timers/promises';
import { KnowledgeLibrary } from './knowledge.library.ts';
import { digestOf } from './reading/digest.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import { migrations } from './migrations/index.ts';

const spaceId = 'space_one';
const otherSpaceId = 'space_two';
let server: TestDatabase;
let database: Database<KnowledgeTables>;
let library: KnowledgeLibrary;
let knowledgeBaseId: string;

async function add(document: { title: string; mediaType: string; text: string }): Promise<string> {
  const request = { spaceId, knowledgeBaseId, ...document };
  const added = await database.withSpaces([spaceId], async (trx) =>
    library.addDocument(trx, request, await digestOf(request.text)),
  );
  await library.ingest({ spaceId, documentId: added.id });
  return added.id;
}

const get = (documentId: string) =>
  database.withSpaces([spaceId], (trx) => library.getDocument(trx, { spaceId, knowledgeBaseId, documentId }));

const answer = (question: string, turns: string[] = []) =>
  library.answer({ spaceId, knowledgeBaseIds: [knowledgeBaseId], question, turns });

async function rowsOf(documentId: string): Promise<number[]> {
  return database.withSpaces([spaceId], async (trx) => {
    const count = (table: 'passage' | 'posting') =>
      trx
        .selectFrom(table)
        .select((query) => query.fn.countAll<string>().as('rows'))
        .where('document_id', '=', documentId)
        .executeTakeFirstOrThrow();
    return [Number((await count('passage')).rows), Number((await count('posting')).rows)];
  });
}

beforeAll(async () => {
  server = await createTestDatabase();
  const serviceUrl = server.urlFor('parley_flow');
  await migrate({
    ownerUrl: server.ownerUrl,
    serviceUrl,
    runnerUrl: server.urlFor('parley_flow_runner'),
    domain: 'flow',
    migrations: [migrations],
  });
  database = createDatabase<KnowledgeTables>({ url: serviceUrl, applicationName: 'knowledge-spec' });
  library = new KnowledgeLibrary(database);
  const base = await database.withSpaces([spaceId], (trx) =>
    library.createBase(trx, { spaceId, name: 'Handbook' }),
  );
  knowledgeBaseId = base.id;
  for (const page of handbook) {
    await add(page);
  }
});

afterAll(async () => {
  await library.close();
  await database.close();
  await server.drop();
});

/** Rows of a table are answered under its header. */
const headerOf: Record<string, string> = { Limits: 'Item | Most', 'Light codes': 'Ring | Meaning' };

test.each([
  ['How do I undo a firmware update?', 'Firmware', 'rear button'],
  ['How many lamps can I have at most?', 'Limits', '64'],
  ['What does a red ring mean?', 'Light codes', 'no connection'],
  ['I forgot my password', 'Passwords', '30 minutes'],
  ['how long does the battery of the motion sensor last', 'Sensors', 'two years'],
  ['When does a hub_token expire?', 'Tokens for developers', '90 days'],
  ['How do I restore a bakcup?', 'Backup', 'Restore'],
  ['Can I clean it with alcohol?', 'Cleaning', 'dull'],
])('%s is answered from %s', async (question, title, words) => {
  const found = await answer(question);
  expect(found?.citations[0]?.title).toBe(title);
  expect(found?.text).toContain(words);
  const quote = found?.citations[0]?.quote ?? '';
  expect(found?.text).toBe(quote.includes(' | ') ? `${headerOf[title]}\n${quote}` : quote);
});

test.each([
  'What is the capital of France?',
  'How do I connect the hub to my Tesla?',
  'Can I pay by credit card?',
  'How do I brew an espresso?',
  'the of and',
  '???',
])('%s is not answered', async (question) => {
  expect(await answer(question)).toBeNull();
});

test('a quote is word for word a part of its passage, and has three sentences at most', async () => {
  for (const question of [
    'How do I install the hub?',
    'How do I join a wireless network?',
    'How do I delete a scene?',
  ]) {
    for (const { quote, passageId } of (await answer(question))?.citations ?? []) {
      const text = await database.withSpaces([spaceId], (trx) =>
        library.passageText(trx, { spaceId, passageId }),
      );
      expect(text).toContain(quote);
      expect(quote.match(/[.!?](\s|$)/g)?.length ?? 0).toBeLessThanOrEqual(3);
    }
  }
});

test('a question that points back is understood with the one before', async () => {
  expect(
    (await answer('And how do I undo it?', ['When is new firmware installed?']))?.citations[0]?.title,
  ).toBe('Firmware');
  expect((await answer('How do I delete one?', ['How do I create a scene?']))?.text).toContain('Swipe');
  expect(
    (await answer('How do I restore a backup?', ['When is new firmware installed?']))?.citations[0]?.title,
  ).toBe('Backup');
});

test('search gives passages with their path, best first', async () => {
  const hits = await library.search({
    spaceId,
    knowledgeBaseIds: [knowledgeBaseId],
    query: 'leave a network',
    limit: 3,
  });
  expect(hits[0]?.headingPath).toEqual(['Wireless network', 'Leaving a network']);
  expect(hits.map((hit) => hit.score)).toEqual(
    hits.map((hit) => hit.score).sort((one, other) => other - one),
  );
  expect(hits.length).toBeLessThanOrEqual(3);
});

test('a document that cannot be read fails with a reason and leaves nothing behind', async () => {
  const deep = await add({ title: 'Deep', mediaType: 'text/html', text: '<div>'.repeat(10_000) });
  expect(await get(deep)).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('levels deep'),
    passages: 0,
  });
  const binary = await add({ title: 'Binary\u0000', mediaType: 'text/plain', text: 'PK\u0003\u0004\u0000' });
  expect(await get(binary)).toMatchObject({
    status: 'failed',
    title: 'Binary',
    reason: expect.stringContaining('binary'),
  });
  expect([await rowsOf(deep), await rowsOf(binary)]).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test('reading again changes nothing; two readers at once store a document once', async () => {
  const documentId = await add({
    title: 'Twice',
    mediaType: 'text/plain',
    text: 'The quokka sleeps at noon.',
  });
  await library.ingest({ spaceId, documentId });
  expect((await rowsOf(documentId))[0]).toBe(1);
  const request = {
    spaceId,
    knowledgeBaseId,
    title: 'Race',
    mediaType: 'text/plain',
    text: 'The numbat wakes at dawn.',
  };
  const raced = await database.withSpaces([spaceId], async (trx) =>
    library.addDocument(trx, request, await digestOf(request.text)),
  );
  await Promise.all([1, 2, 3].map(() => library.ingest({ spaceId, documentId: raced.id })));
  expect((await rowsOf(raced.id))[0]).toBe(1);
});

test('a document deleted while it is read stays deleted', async () => {
  const request = {
    spaceId,
    knowledgeBaseId,
    title: 'Gone',
    mediaType: 'text/plain',
    text: 'The bilby digs at dusk.',
  };
  const { id: documentId } = await database.withSpaces([spaceId], async (trx) =>
    library.addDocument(trx, request, await digestOf(request.text)),
  );
  const outcome = await library.readDocument({ spaceId, documentId });
  await database.withSpaces([spaceId], (trx) =>
    library.deleteDocument(trx, { spaceId, knowledgeBaseId, documentId }),
  );
  await database.withSpaces([spaceId], async (trx) => outcome && library.storeOutcome(trx, outcome));
  expect(await rowsOf(documentId)).toEqual([0, 0]);
  await expect(get(documentId)).rejects.toMatchObject({ status: 404 });
});

test('a new document is found at once, a deleted one no more', async () => {
  expect(await answer('Does the emu eat figs?')).toBeNull();
  const documentId = await add({
    title: 'Emus',
    mediaType: 'text/plain',
    text: 'The emu eats figs at dawn.',
  });
  expect((await answer('Does the emu eat figs?'))?.citations[0]?.documentId).toBe(documentId);
  await database.withSpaces([spaceId], (trx) =>
    library.deleteDocument(trx, { spaceId, knowledgeBaseId, documentId }),
  );
  expect(await answer('Does the emu eat figs?')).toBeNull();
  expect(await rowsOf(documentId)).toEqual([0, 0]);
});

test('another space sees none of it', async () => {
  const knowledgeBaseIds = [knowledgeBaseId];
  const query = 'firmware update';
  expect(await library.search({ spaceId: otherSpaceId, knowledgeBaseIds, query })).toEqual([]);
  const key = { spaceId: otherSpaceId, knowledgeBaseId };
  await expect(database.withSpaces([otherSpaceId], (trx) => library.getBase(trx, key))).rejects.toMatchObject(
    { status: 404 },
  );
  const request = { ...key, title: 'Foreign', mediaType: 'text/plain', text: 'Foreign text.' };
  await expect(
    database.withSpaces([otherSpaceId], async (trx) =>
      library.addDocument(trx, request, await digestOf(request.text)),
    ),
  ).rejects.toMatchObject({ status: 404 });
});

test('lists go newest first, page by page, and count what they hold', async () => {
  const key = { spaceId, knowledgeBaseId };
  const [rows, counts, base] = await database.withSpaces(
    [spaceId],
    async (trx) =>
      [
        await library.listDocuments(trx, key, { limit: 4, before: null }),
        await library.progress(trx, key),
        await library.getBase(trx, key),
      ] as const,
  );
  expect(rows).toHaveLength(5);
  expect(rows.map((row) => row.id)).toEqual(
    rows
      .map((row) => row.id)
      .sort()
      .reverse(),
  );
  expect(counts.ready + counts.failed).toBe(base.documents);
  expect(base.passages).toBeGreaterThan(12);
});

/** Longest stretch that the event loop was kept by this thread, in milliseconds of processor time, while work went on. */
async function longestTurnMs(work: Promise<unknown>): Promise<number> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  const now = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  for (let before = now(); !isDone; ) {
    await setImmediate();
    const after = now();
    longest = Math.max(longest, after - before);
    before = after;
  }
  await done;
  return longest;
}

describe('a document that costs much keeps nobody waiting', () => {
  const MB = 1024 * 1024;
  test.each([
    ['a word of 1 MB', 'text/plain', 'a'.repeat(MB)],
    ['a word of 1 MB after others, in Markdown', 'text/markdown', `# Words\n\nOne ${'b'.repeat(MB)} two.`],
    ['1 MB of words of one letter', 'text/plain', 'q x '.repeat(MB / 4)],
    ['1 MB of identifiers', 'text/plain', 'a_b.c('.repeat(MB / 6)],
    ['200,000 headings', 'text/html', '<h1>h</h1>'.repeat(200_000)],
    ['10,000 headings in Markdown', 'text/markdown', '# h\n'.repeat(10_000)],
    ['100,000 nested elements', 'text/html', '<div>'.repeat(100_000)],
    ['100,000 nested quotes', 'text/markdown', '> '.repeat(100_000)],
    ['8 MB of control characters', 'text/plain', '\u0001'.repeat(8 * MB)],
  ])('%s', async (title, mediaType, text) => {
    const { id } = await database.withSpaces([spaceId], (trx) =>
      library.createBase(trx, { spaceId, name: title }),
    );
    const work = async (): Promise<string> => {
      const request = { spaceId, knowledgeBaseId: id, title, mediaType, text };
      const digest = await digestOf(text);
      const added = await database.withSpaces([spaceId], (trx) => library.addDocument(trx, request, digest));
      if (added.status === 'failed') return added.status;
      await library.ingest({ spaceId, documentId: added.id });
      const key = { spaceId, knowledgeBaseId: id, documentId: added.id };
      return (await database.withSpaces([spaceId], (trx) => library.getDocument(trx, key))).status;
    };
    const status = work();
    expect(await longestTurnMs(status)).toBeLessThan(50);
    expect(['ready', 'failed']).toContain(await status);
  });

  test('neither does a question of 64 KB, nor one that follows it', async () => {
    const query = 'a'.repeat(64 * 1024);
    const asked = library.search({
      spaceId,
      knowledgeBaseIds: [knowledgeBaseId],
      query,
      turns: [query, query],
    });
    expect(await longestTurnMs(asked)).toBeLessThan(50);
    const next = library.answer({
      spaceId,
      knowledgeBaseIds: [knowledgeBaseId],
      question: 'and it?',
      turns: [query],
    });
    expect(await longestTurnMs(next)).toBeLessThan(50);
  });
});

test('what another process changes is answered at once: a document that comes, gets another title, or goes', async () => {
  const other = new KnowledgeLibrary(database);
  const base = await database.withSpaces([spaceId], (trx) =>
    library.createBase(trx, { spaceId, name: 'Shop' }),
  );
  const key = { spaceId, knowledgeBaseId: base.id };
  const ask = async (question: string): Promise<string | undefined> => {
    const asked = { spaceId, knowledgeBaseIds: [base.id], question };
    const [one, again] = [await other.answer(asked), await other.answer(asked)];
    expect(again).toEqual(one);
    return one?.citations[0]?.title;
  };
  const addHere = async (title: string, text: string): Promise<string> => {
    const request = { ...key, title, mediaType: 'text/plain', text };
    const { id } = await database.withSpaces([spaceId], async (trx) =>
      library.addDocument(trx, request, await digestOf(text)),
    );
    await library.ingest({ spaceId, documentId: id });
    return id;
  };
  const question = 'How much is a sunflower lamp?';
  expect(await ask(question)).toBeUndefined();
  const documentId = await addHere('Prices', 'A sunflower lamp is 40 euros.');
  expect(await ask(question)).toBe('Prices');
  expect(await ask('How much is a tulip bench?')).toBeUndefined();
  await addHere('Benches', 'A tulip bench is 90 euros.');
  expect(await ask('How much is a tulip bench?')).toBe('Benches');
  await database.withSpaces([spaceId], (trx) =>
    library.updateDocument(trx, { ...key, documentId }, { title: 'Price list' }),
  );
  expect(await ask(question)).toBe('Price list');
  await database.withSpaces([spaceId], (trx) => library.deleteDocument(trx, { ...key, documentId }));
  expect(await ask(question)).toBeUndefined();
  await database.withSpaces([spaceId], (trx) => library.deleteBase(trx, key));
  expect(await ask('How much is a tulip bench?')).toBeUndefined();
  await other.close();
});
