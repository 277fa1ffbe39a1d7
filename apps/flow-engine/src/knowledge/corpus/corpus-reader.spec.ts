import type { KnowledgeTrx } from '../knowledge.repository.ts';
import type {
  Corpus,
  DocumentRows,
  KnowledgeSearchRepository,
  PostingRow,
} from '../knowledge-search.repository.ts';
import { Consistency, CorpusChangedError, CorpusReader } from './corpus-reader.ts';

const trx = {} as KnowledgeTrx;
const corpusOf = (id: string): Corpus => ({ spaceId: 'space_a', knowledgeBaseIds: [id] });
const asked = { words: ['lamp'], exact: [] };
const first = (): Consistency => new Consistency(false);

/** A knowledge base of one document whose revision a test changes; its lexemes are found once. */
class FakeIndex {
  revision = 1;
  /** The revision that statements behind the first see. */
  later: number | null = null;
  readonly calls: string[] = [];

  readRevision(_trx: unknown, _corpus: unknown, looked: { stemmer: string; text: string }[]) {
    this.calls.push(`revision ${looked.length}`);
    const stems = looked.map((one) => ({ ...one, lexeme: one.text === 'the' ? null : one.text }));
    return Promise.resolve({ revision: String(this.revision), stems });
  }

  readDocuments(): Promise<DocumentRows> {
    this.calls.push('documents');
    const revision = String(this.revision);
    const documents = { ids: 'doc_1', passages: '3', terms: '60', has_legacy: false, languages: ['english'] };
    return Promise.resolve({ revision, ...documents });
  }

  readPostings(_trx: unknown, _corpus: unknown, lexemes: string[]): Promise<PostingRow[]> {
    this.calls.push(`postings ${lexemes.join(' ')}`);
    const revision = String(this.later ?? this.revision);
    const found = { places: 1, documents: 'doc_1', titles: '0', frequencies: '1', positions: '{2}' };
    const rows = lexemes.map((lexeme) => ({
      lexeme,
      ...found,
      headings: '{0}',
      bodies: '{1}',
      lengths: '{9}',
    }));
    return Promise.resolve(rows.map((row) => ({ revision, ...row })));
  }
}

function open(maxBytes?: number): { fake: FakeIndex; reader: CorpusReader } {
  const fake = new FakeIndex();
  return { fake, reader: new CorpusReader(fake as unknown as KnowledgeSearchRepository, maxBytes) };
}

async function read(reader: CorpusReader, id: string, within = first()) {
  const index = await reader.open(trx, corpusOf(id), { asked, within });
  return reader.lexiconOf(trx, corpusOf(id), { index, asked, within });
}

test('what was read is read once, until the revision changes', async () => {
  const { fake, reader } = open();
  expect((await read(reader, 'kb_1')).frequencies).toEqual(new Map([['lamp', 1]]));
  expect(fake.calls).toEqual(['revision 1', 'documents', 'postings lamp']);
  fake.calls.length = 0;
  await read(reader, 'kb_1');
  expect(fake.calls).toEqual(['revision 0']);
  fake.calls.length = 0;
  fake.revision = 2;
  await read(reader, 'kb_1');
  expect(fake.calls).toEqual(['revision 0', 'documents', 'postings lamp']);
});

test('what was read of two revisions is not put together; a last attempt keeps it to itself', async () => {
  const { fake, reader } = open();
  fake.later = 2;
  await expect(read(reader, 'kb_1')).rejects.toThrow(CorpusChangedError);
  expect((await read(reader, 'kb_2', new Consistency(true))).frequencies.size).toBe(1);
  expect(reader.passagesOf(corpusOf('kb_2'))).toBeNull();
});

test('the corpora that were not asked for longest make room', async () => {
  const { reader } = open(12_000);
  for (const id of ['kb_1', 'kb_2', 'kb_1', 'kb_3']) {
    await read(reader, id);
    reader.trim();
  }
  expect(['kb_1', 'kb_2', 'kb_3'].map((id) => reader.passagesOf(corpusOf(id)))).toEqual([3, null, 3]);
});

test('a question goes on with the index it began with, though that is too large to be kept', async () => {
  const { reader } = open(100);
  const within = first();
  const index = await reader.open(trx, corpusOf('kb_1'), { asked, within });
  await reader.lexiconOf(trx, corpusOf('kb_1'), { index, asked, within });
  reader.trim();
  expect(reader.passagesOf(corpusOf('kb_1'))).toBeNull();
  expect(index.frequencyOf('lamp')).toBe(1);
});
