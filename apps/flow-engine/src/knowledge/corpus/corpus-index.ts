import type { DocumentRows, PassageKey, PostingRow } from '../knowledge-search.repository.ts';
import type { ScoredLexemes } from '../ranking/concepts.ts';
import { type LatinLanguage, languagesIn } from '../ranking/languages.ts';
import { scoring } from '../ranking/parameters.ts';
import type { Candidate, CorpusSize, Passage } from '../ranking/types.ts';
import { KnownWords } from './known-words.ts';
import { numbersOf, type Posting, readPosting, sizeOfPosting } from './posting.ts';
import { PassageScorer, type ScoredPlace } from './scoring.ts';

/** Letters, positions and sentences of a passage are kept beside its text. */
const BYTES_PER_CHARACTER = 3;
const BYTES_OF_CORPUS = 4000;

/** Passages of a document that hold a lexeme. */
function placesIn({ places, ends }: Posting, index: number): Int32Array {
  return places.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
}

/**
 * What was read of the index of a corpus at one revision: its documents, and postings, passages and words as questions
 * needed them.
 */
export class CorpusIndex {
  readonly revision: string;
  readonly size: CorpusSize;
  /** Languages that the corpus has Latin text in. */
  readonly languages: readonly LatinLanguage[];
  /** Whether documents are there that were segmented before there were versions of that. */
  readonly hasLegacy: boolean;
  readonly terms: Int32Array;
  readonly starts: Int32Array;
  readonly documentOf: Int32Array;
  private readonly ids: string[];
  readonly numbers: ReadonlyMap<string, number>;
  /** Undefined for a lexeme that the corpus does not hold. */
  private readonly postings = new Map<string, Posting | undefined>();
  private readonly passages = new Map<number, Passage>();
  private readonly words = new Map<string, KnownWords>();
  private scorer: PassageScorer | null = null;
  private kept = 0;

  constructor(rows: DocumentRows) {
    this.revision = rows.revision;
    this.ids = rows.ids === '' ? [] : rows.ids.split(' ');
    const languages = languagesIn(rows.languages);
    this.languages = languages.length > 0 ? languages : ['english'];
    this.hasLegacy = rows.has_legacy;
    const documents = this.ids.length;
    const passages = numbersOf(rows.passages, documents);
    this.terms = numbersOf(rows.terms, documents);
    this.starts = new Int32Array(documents + 1);
    for (const [number, count] of passages.entries())
      this.starts[number + 1] = (this.starts[number] ?? 0) + count;
    const all = this.starts[documents] ?? 0;
    this.documentOf = new Int32Array(all);
    for (let number = 0; number < documents; number += 1)
      this.documentOf.fill(number, this.starts[number], this.starts[number + 1]);
    this.numbers = new Map(this.ids.map((id, number) => [id, number]));
    this.size = { documents, passages: all, terms: this.terms.reduce((sum, count) => sum + count, 0) };
    this.kept = BYTES_OF_CORPUS + documents * 120 + all * 4 + PassageScorer.sizeOf(this.size);
  }

  /** Memory that it takes, about, in bytes. */
  get bytes(): number {
    return this.kept;
  }

  postingOf(lexeme: string): Posting | undefined {
    return this.postings.get(lexeme);
  }

  /** Lexemes of these that were not yet looked up. */
  unknownOf(lexemes: Iterable<string>): string[] {
    return [...new Set(lexemes)].filter((lexeme) => !this.postings.has(lexeme));
  }

  /** Keeps what was found of lexemes that were looked up. */
  keepPostings(looked: readonly string[], rows: readonly PostingRow[]): void {
    const byLexeme = new Map(rows.map((row) => [row.lexeme, row]));
    // Another question may have looked some up meanwhile.
    for (const lexeme of this.unknownOf(looked)) {
      this.kept += 100;
      this.postings.set(lexeme, undefined);
      const row = byLexeme.get(lexeme);
      if (!row) continue;
      const posting = readPosting(row, this);
      this.postings.set(lexeme, posting);
      this.kept += sizeOfPosting(posting);
    }
  }

  /** In how many passages a lexeme is found; one that is found only in titles counts as once. */
  frequencyOf(lexeme: string): number {
    const posting = this.postings.get(lexeme);
    return posting ? Math.max(1, posting.places.length) : 0;
  }

  /** The best passages by the postings that were read. */
  best(scored: ScoredLexemes, limit: number): ScoredPlace[] {
    this.scorer ??= new PassageScorer(this, scoring);
    return this.scorer.best(scored, limit);
  }

  keyOf(place: number): PassageKey {
    const document = this.documentOf[place] ?? 0;
    return { documentId: this.ids[document] ?? '', position: place - (this.starts[document] ?? 0) };
  }

  /** Places of these whose passages were not yet read. */
  unreadOf(places: readonly ScoredPlace[]): number[] {
    return places.map(({ place }) => place).filter((place) => !this.passages.has(place));
  }

  keepPassages(passages: readonly Passage[]): void {
    for (const passage of passages) {
      const document = this.numbers.get(passage.documentId);
      const place = (this.starts[document ?? -1] ?? 0) + passage.position;
      if (document === undefined || this.passages.has(place)) continue;
      this.passages.set(place, passage);
      this.kept += (passage.text.length + passage.lexemes.length) * BYTES_PER_CHARACTER + 800;
    }
  }

  /** What the passages at these places are to a question; one that is gone is left out. */
  candidatesAt(places: readonly ScoredPlace[], lexemes: readonly string[]): Candidate[] {
    const inPassages = new Map(places.map(({ place }) => [place, new Set<string>()]));
    const inDocuments = new Map(
      places.map(({ place }) => [
        this.documentOf[place] ?? -1,
        { documentLexemes: new Set<string>(), titleLexemes: new Set<string>() },
      ]),
    );
    for (const lexeme of lexemes) {
      const posting = this.postings.get(lexeme);
      posting?.documents.forEach((number, index) => {
        const document = inDocuments.get(number);
        if (!document) return;
        document.documentLexemes.add(lexeme);
        if ((posting.titleFrequencies[index] ?? 0) > 0) document.titleLexemes.add(lexeme);
        for (const place of placesIn(posting, index)) inPassages.get(place)?.add(lexeme);
      });
    }
    return places.flatMap(({ place, score }) => {
      const passage = this.passages.get(place);
      const document = inDocuments.get(this.documentOf[place] ?? -1);
      const held = inPassages.get(place);
      return passage && document && held ? [{ passage, score, lexemes: held, ...document }] : [];
    });
  }

  /** Words that begin so, as far as they were read. */
  wordsFrom(beginning: string): KnownWords | undefined {
    return this.words.get(beginning);
  }

  keepWords(beginning: string, words: string): KnownWords {
    const known = new KnownWords(words);
    this.words.set(beginning, known);
    this.kept += known.size;
    return known;
  }
}
