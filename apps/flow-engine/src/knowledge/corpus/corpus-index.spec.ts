import fc from 'fast-check';
import type { DocumentRows, PostingRow } from '../knowledge-search.repository.ts';
import { scoring } from '../ranking/parameters.ts';
import { CorpusIndex } from './corpus-index.ts';

/** A lexeme in a document: how often in its title, and in passages by their positions. */
interface Entry {
  lexeme: string;
  document: number;
  title: number;
  places: { position: number; heading: number; body: number; length: number }[];
}

const idOf = (document: number): string => `doc_${String(document).padStart(2, '0')}`;
const arrayOf = (values: readonly number[]): string => `{${values.join(',')}}`;

function documentsOf(passages: readonly number[]): DocumentRows {
  return {
    ...{ revision: 'kb:1', has_legacy: false, languages: ['english'] },
    ids: passages.map((_count, document) => idOf(document)).join(' '),
    passages: passages.join(' '),
    terms: passages.map((count) => count * 20).join(' '),
  };
}

function rowsOf(entries: readonly Entry[]): PostingRow[] {
  return [...Map.groupBy(entries, ({ lexeme }) => lexeme)].map(([lexeme, all]) => {
    const arrays = (of: (place: Entry['places'][number]) => number): string =>
      all.map(({ places }) => arrayOf(places.map(of))).join('');
    return {
      ...{ revision: 'kb:1', lexeme, places: all.reduce((sum, { places }) => sum + places.length, 0) },
      documents: all.map(({ document }) => idOf(document)).join(' '),
      titles: all.map(({ title }) => title).join(' '),
      frequencies: all.map(frequencyOf).join(' '),
      positions: arrays(({ position }) => position),
      headings: arrays(({ heading }) => heading),
      bodies: arrays(({ body }) => body),
      lengths: arrays(({ length }) => length),
    };
  });
}

const frequencyOf = ({ places }: Entry): number => places.reduce((sum, { body }) => sum + body, 0);

function indexOf(passages: readonly number[], entries: readonly Entry[]): CorpusIndex {
  const index = new CorpusIndex(documentsOf(passages));
  index.keepPostings([...new Set(entries.map(({ lexeme }) => lexeme)), 'unheard'], rowsOf(entries));
  return index;
}

/** BM25F as its formula says it, passage by passage. */
function scoresBy(
  passages: readonly number[],
  entries: readonly Entry[],
  asked: { lexemes: string[]; concepts: number[]; weights: number[] },
): Map<string, number> {
  const all = passages.reduce((sum, count) => sum + count, 0);
  const terms = all * 20;
  const { saturation, documentLengthWeight, passageLengthWeight, titleWeight, headingWeight } = scoring;
  const bm = (found: number, weight: number, relative: number, share: number): number =>
    (weight * found) / (found + saturation * (1 - share + share * relative));
  const together = (worths: { concept: number; worth: number }[]): number =>
    [...Map.groupBy(worths, ({ concept }) => concept).values()].reduce((sum, one) => {
      const best = Math.max(...one.map(({ worth }) => worth));
      const rest = one.reduce((total, { worth }) => total + worth, 0) - best;
      return sum + best + scoring.formShare * rest;
    }, 0);
  const hits = entries.flatMap((entry) => {
    const no = asked.lexemes.indexOf(entry.lexeme);
    return no === -1 ? [] : [{ entry, concept: asked.concepts[no] ?? 0, weight: asked.weights[no] ?? 0 }];
  });
  const scores = new Map<string, number>();
  passages.forEach((count, document) => {
    const own = hits.filter(({ entry }) => entry.document === document);
    const ofDocument = together(
      own.map(({ entry, concept, weight }) => {
        const found = frequencyOf(entry) + titleWeight * entry.title;
        const relative = (count * 20) / Math.max(1, terms / passages.length);
        return { concept, worth: bm(found, weight, relative, documentLengthWeight) };
      }),
    );
    const isTitleOnly = own.length > 0 && own.every(({ entry }) => entry.places.length === 0);
    for (let position = 0; position < count; position += 1) {
      const worths = own.flatMap(({ entry, concept, weight }) =>
        entry.places
          .filter((place) => place.position === position)
          .map(({ body, heading, length }) => {
            const relative = length / Math.max(1, terms / all);
            const found = body + headingWeight * heading;
            return { concept, worth: bm(found, weight, relative, passageLengthWeight) };
          }),
      );
      if (worths.length > 0 || (isTitleOnly && position === 0))
        scores.set(`${idOf(document)} ${position}`, together(worths) + scoring.documentShare * ofDocument);
    }
  });
  return scores;
}

const lexemes = ['lamp', 'price', 'hub', 'reset'];
const corpus = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 8 }).chain((passages) => {
  const entryOf = (lexeme: string, document: number): fc.Arbitrary<Entry> => {
    const place = fc.record({
      heading: fc.integer({ min: 0, max: 2 }),
      body: fc.integer({ min: 1, max: 9 }),
      length: fc.integer({ min: 1, max: 300 }),
    });
    const positions = Array.from({ length: passages[document] ?? 0 }, (_, position) => position);
    return fc
      .record({ title: fc.integer({ min: 0, max: 2 }), at: fc.subarray(positions) })
      .chain(({ title, at }) =>
        fc
          .tuple(...at.map((position) => place.map((found) => ({ position, ...found }))))
          .map((places) => ({ lexeme, document, title: places.length === 0 ? title + 1 : title, places })),
      );
  };
  const pairs = lexemes.flatMap((lexeme) => passages.map((_count, document) => [lexeme, document] as const));
  return fc
    .subarray(pairs)
    .chain((chosen) => fc.tuple(...chosen.map(([lexeme, document]) => entryOf(lexeme, document))))
    .map((entries) => ({ passages, entries }));
});

test('scores are those of the formula, whatever was asked of the index before', () => {
  fc.assert(
    fc.property(corpus, ({ passages, entries }) => {
      const index = indexOf(passages, entries);
      for (const asked of [
        { lexemes: ['lamp', 'price'], concepts: [0, 1], weights: [2, 1.5] },
        { lexemes: ['lamp', 'hub', 'reset'], concepts: [0, 0, 2], weights: [2, 1, 0.4] },
      ]) {
        const expected = scoresBy(passages, entries, asked);
        const found = index.best(asked, 1000);
        const named = found.map(({ place, score }) => {
          const { documentId, position } = index.keyOf(place);
          return [`${documentId} ${position}`, score] as const;
        });
        expect(new Map(named).size).toBe(expected.size);
        for (const [name, score] of named)
          expect([name, score]).toEqual([name, expect.closeTo(expected.get(name) ?? -1, 9)]);
        expect(found.map(({ score }) => score)).toEqual(
          found.map(({ score }) => score).sort((one, other) => other - one),
        );
        const few = index.best(asked, 3);
        expect(few.map(({ score }) => score)).toEqual(found.slice(0, 3).map(({ score }) => score));
      }
    }),
    { numRuns: 200 },
  );
});

test('a lexeme that is found only in titles counts as found once, one that is not found as never', () => {
  const index = indexOf([2], [{ lexeme: 'lamp', document: 0, title: 1, places: [] }]);
  expect([index.frequencyOf('lamp'), index.frequencyOf('unheard')]).toEqual([1, 0]);
  expect(index.unknownOf(['lamp', 'unheard', 'new'])).toEqual(['new']);
});

test('a candidate knows what it, its title and its document hold of the question', () => {
  const place = { position: 1, heading: 0, body: 1, length: 10 };
  const index = indexOf(
    [2, 2],
    [
      { lexeme: 'lamp', document: 0, title: 1, places: [place] },
      { lexeme: 'price', document: 0, title: 0, places: [{ ...place, position: 0 }] },
      { lexeme: 'hub', document: 1, title: 0, places: [place] },
    ],
  );
  const passage = {
    ...{ documentId: idOf(0), title: 'Lamp', url: null, passageId: 'pass_1', position: 1, headingPath: [] },
    ...{ text: 'A lamp.', sentences: [0, 7], lexemes: "'lamp':2", segmenterVersion: 1 },
  };
  index.keepPassages([passage]);
  const places = [
    { place: 1, score: 2 },
    { place: 3, score: 1 },
  ];
  expect(index.unreadOf(places)).toEqual([3]);
  expect(index.candidatesAt(places, ['lamp', 'price', 'hub'])).toEqual([
    {
      ...{ passage, score: 2, lexemes: new Set(['lamp']) },
      ...{ documentLexemes: new Set(['lamp', 'price']), titleLexemes: new Set(['lamp']) },
    },
  ]);
});
