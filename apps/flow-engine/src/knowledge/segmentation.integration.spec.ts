import { createDatabase, type Database, migrate } from '@parley/database';
import { createTestDatabase, type TestDatabase } from '@parley/testing';
import { sql } from 'kysely';
import { KnowledgeLibrary } from './knowledge.library.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import { migrations } from './migrations/index.ts';
import { legacyWords } from './ranking/legacy.ts';
import { SEGMENTER_VERSION } from './ranking/tokens.ts';
import { digestOf } from './reading/digest.ts';

const spaceId = 'space_one';
let server: TestDatabase;
let database: Database<KnowledgeTables>;
let library: KnowledgeLibrary;
let knowledgeBaseId: string;

beforeAll(async () => {
  server = await createTestDatabase();
  const serviceUrl = server.urlFor('parley_flow');
  await migrate({
    ...{ ownerUrl: server.ownerUrl, serviceUrl, runnerUrl: server.urlFor('parley_flow_runner') },
    ...{ domain: 'flow', migrations: [migrations] },
  });
  database = createDatabase<KnowledgeTables>({ url: serviceUrl, applicationName: 'segmentation-spec' });
  library = new KnowledgeLibrary(database);
});

afterAll(async () => {
  await library.close();
  await database.close();
  await server.drop();
});

beforeEach(async () => {
  const base = await database.withSpaces([spaceId], (trx) =>
    library.createBase(trx, { spaceId, name: 'Handbook' }),
  );
  knowledgeBaseId = base.id;
});

const oldForm = (text: string): string => legacyWords(text).join(' ');

/** Stores a document of one passage as releases before versions of the index did: English stems, no marks. */
async function addOld(id: string, title: string, text: string): Promise<void> {
  await database.withSpaces([spaceId], async (trx) => {
    await sql`
      INSERT INTO document (space_id, id, knowledge_base_id, title, media_type, status, sha256, bytes, passages, terms)
      VALUES (${spaceId}, ${id}, ${knowledgeBaseId}, ${title}, 'text/plain', 'ready', ${id}, 1, 1, 10)`.execute(
      trx,
    );
    await sql`
      INSERT INTO passage (space_id, id, document_id, position, heading_path, text, sentences, lexemes)
      VALUES (${spaceId}, ${`pass_${id}`}, ${id}, 0, ARRAY[${title}], ${text}, ARRAY[0, ${text.length}::integer],
        to_tsvector('pg_catalog.english', ${oldForm(text)}))`.execute(trx);
    await sql`
      INSERT INTO posting (space_id, knowledge_base_id, lexeme, document_id, title_frequency, frequency,
        document_length, positions, heading_frequencies, body_frequencies, lengths)
      SELECT ${spaceId}, ${knowledgeBaseId}, coalesce(body.lexeme, title.lexeme), ${id},
        coalesce(cardinality(title.positions), 0), coalesce(cardinality(body.positions), 0), 10, '{0}', '{0}',
        ARRAY[coalesce(cardinality(body.positions), 0)], '{10}'
      FROM unnest(to_tsvector('pg_catalog.english', ${oldForm(text)})) AS body
      FULL JOIN unnest(to_tsvector('pg_catalog.english', ${oldForm(title)})) AS title USING (lexeme)`.execute(
      trx,
    );
  });
}

async function add(title: string, text: string): Promise<void> {
  const request = { spaceId, knowledgeBaseId, title, mediaType: 'text/plain', text };
  const digest = await digestOf(text);
  const { id: documentId } = await database.withSpaces([spaceId], (trx) =>
    library.addDocument(trx, request, digest),
  );
  await library.ingest({ spaceId, documentId });
}

async function ask(question: string): Promise<{ title: string; passageId: string; quote: string } | null> {
  const answer = await library.answer({ spaceId, knowledgeBaseIds: [knowledgeBaseId], question });
  const [first] = answer?.citations ?? [];
  return first ?? null;
}

async function segmentAll(): Promise<number> {
  const waiting = await library.segments.waiting(100);
  const ours = waiting.filter((one) => one.spaceId === spaceId);
  for (const document of ours) expect(await library.segments.segment(document)).toBe(true);
  return ours.length;
}

const versions = () =>
  database.withSpaces([spaceId], async (trx) => {
    const rows = await trx
      .selectFrom('document')
      .select(['segmenter_version', 'languages'])
      .where('knowledge_base_id', '=', knowledgeBaseId)
      .orderBy('id')
      .execute();
    return rows.map((row) => [row.segmenter_version, row.languages]);
  });

const OLD: [id: string, title: string, text: string, question: string, isFoundBefore: boolean][] = [
  ['en', 'Returns', 'Unused goods can be returned within thirty days.', 'Can I return unused goods?', true],
  ['de', 'Rückgabe', 'Die Rückgabe ist für Kunden mit Beleg möglich.', 'Ist die Rückgabe möglich?', true],
  ['ja', '返品', '返品の期限は三十日です。', '返品の期限を教えてください', false],
  ['hi', 'वारंटी', 'मशीन की वारंटी दो साल की है।', 'मशीन की वारंटी कितने साल की है?', true],
  ['th', 'คืนสินค้า', 'คืนสินค้าได้ภายในสามสิบวันหลังรับของ', 'คืนสินค้าได้ภายในกี่วัน', false],
];

test('documents of an earlier release are found before, while and after they are segmented again', async () => {
  for (const [id, title, text] of OLD) await addOld(id, title, text);
  await add('Shipping', 'Parcels are shipped on Mondays.');
  for (const [id, , , question, isFoundBefore] of OLD)
    if (isFoundBefore) expect((await ask(question))?.passageId).toBe(`pass_${id}`);
  expect((await ask('When are parcels shipped?'))?.title).toBe('Shipping');
  const [first] = await library.segments.waiting(1);
  if (first) await library.segments.segment(first);
  expect((await ask('Can I return unused goods?'))?.title).toBe('Returns');
  expect(await segmentAll()).toBe(OLD.length - 1);
  for (const [id, title, text, question] of OLD) {
    const found = await ask(question);
    expect(found).toMatchObject({ title, passageId: `pass_${id}` });
    expect(text).toContain(found?.quote);
  }
  expect(new Set((await versions()).map(([version]) => version))).toEqual(new Set([SEGMENTER_VERSION]));
  expect((await versions())[0]).toEqual([SEGMENTER_VERSION, 'german']);
  expect(await segmentAll()).toBe(0);
});

test('what was stored of the old form is gone, and a document that is renamed meanwhile waits for the next round', async () => {
  await addOld('old', 'हिन्दी', 'मशीन की वारंटी दो साल की है।');
  const lexemes = () =>
    database.withSpaces([spaceId], async (trx) => {
      const rows = await trx
        .selectFrom('posting')
        .select('lexeme')
        .where('knowledge_base_id', '=', knowledgeBaseId)
        .execute();
      return rows.map((row) => row.lexeme);
    });
  expect(await lexemes()).toContain('वरट');
  const key = { spaceId, knowledgeBaseId, documentId: 'old' };
  await database.withSpaces([spaceId], (trx) => library.updateDocument(trx, key, { title: 'Garantie' }));
  expect((await versions())[0]?.[0]).toBe(0);
  expect((await ask('Garantie'))?.title).toBe('Garantie');
  expect(await segmentAll()).toBe(1);
  expect(await lexemes()).not.toContain('वरट');
  expect((await ask('Garantie'))?.title).toBe('Garantie');
  expect((await ask('वारंटी'))?.title).toBe('Garantie');
});
