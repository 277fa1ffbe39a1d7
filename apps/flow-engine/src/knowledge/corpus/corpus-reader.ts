import type { KnowledgeTrx } from '../knowledge.repository.ts';
import type { Corpus, KnowledgeSearchRepository, Looked } from '../knowledge-search.repository.ts';
import type { Lexicon } from '../ranking/concepts.ts';
import { legacyForm } from '../ranking/legacy.ts';
import { type LatinLanguage, stemmable, stemmersOf } from '../ranking/languages.ts';
import { CorpusIndex } from './corpus-index.ts';
import type { KnownWords } from './known-words.ts';
import type { ScoredPlace } from './scoring.ts';

/** Words to look up: in the languages of the corpus, or as they are. */
export interface AskedWords {
  words: readonly string[];
  exact: readonly string[];
}

/** How the texts of a corpus are indexed. */
type Form = Pick<CorpusIndex, 'languages' | 'hasLegacy'>;

/** The corpus changed between two statements: what was read of it does not fit together. */
export class CorpusChangedError extends Error {
  override readonly name = 'CorpusChangedError';
}

/** Memory that the indexes of all corpora take in a process, about, in bytes. */
const MAX_BYTES = 96 * 1024 * 1024;
const MAX_STEMS = 50_000;
const NO_STEMMER = '';

/**
 * Reads of the index what a question needs, and keeps it: stems for good, all else until the revision of the corpus
 * changes, which each question asks first. The corpora that were not asked for longest make room for others.
 */
export class CorpusReader {
  private readonly repository: KnowledgeSearchRepository;
  private readonly maxBytes: number;
  /** By stemmer and word; null for a stop word. */
  private readonly stems = new Map<string, string | null>();
  private readonly indexes = new Map<string, CorpusIndex>();

  constructor(repository: KnowledgeSearchRepository, maxBytes = MAX_BYTES) {
    this.repository = repository;
    this.maxBytes = maxBytes;
  }

  /** Passages of the corpus as they were at its last question; null where nothing is known of it. */
  passagesOf(corpus: Corpus): number | null {
    return this.indexes.get(keyOf(corpus))?.size.passages ?? null;
  }

  /** Languages of the corpus as they were at its last question; English where there was none. */
  languagesOf(corpus: Corpus): readonly LatinLanguage[] {
    return this.indexes.get(keyOf(corpus))?.languages ?? ['english'];
  }

  /** The index at the revision of now; stems the words that are asked for along with it. */
  async open(
    trx: KnowledgeTrx,
    corpus: Corpus,
    { asked, within }: { asked: AskedWords; within: Consistency },
  ): Promise<CorpusIndex> {
    const key = keyOf(corpus);
    const known = this.indexes.get(key);
    const form = known ?? { languages: this.languagesOf(corpus), hasLegacy: false };
    const { revision, stems } = await this.repository.readRevision(trx, corpus, this.unstemmed(asked, form));
    this.keepStems(stems);
    if (known?.revision === revision) {
      this.indexes.delete(key);
      this.indexes.set(key, known);
      return known;
    }
    const index = new CorpusIndex(await this.repository.readDocuments(trx, corpus));
    this.indexes.delete(key);
    // What a last attempt reads may not fit together: nobody else may see it.
    if (!within.isLast) this.indexes.set(key, index);
    return index;
  }

  /** What the corpus says of words. */
  async lexiconOf(
    trx: KnowledgeTrx,
    corpus: Corpus,
    { index, asked, within }: { index: CorpusIndex; asked: AskedWords; within: Consistency },
  ): Promise<Lexicon> {
    // Again where another question made room meanwhile: a word without a stem would pass for a stop word.
    for (let words = this.unstemmed(asked, index); words.length > 0; words = this.unstemmed(asked, index)) {
      const { revision, stems } = await this.repository.readRevision(trx, corpus, words);
      this.keepStems(stems);
      within.check(index, revision);
    }
    const lexemes = new Map(asked.words.map((word) => [word, this.lexemesOf(word, index)]));
    const all = new Set([...asked.exact, ...[...lexemes.values()].flat()]);
    const unknown = index.unknownOf(all);
    if (unknown.length > 0) {
      const rows = await this.repository.readPostings(trx, corpus, unknown);
      for (const { revision } of rows.slice(0, 1)) within.check(index, revision);
      index.keepPostings(unknown, rows);
    }
    const frequencies = new Map<string, number>();
    for (const lexeme of all) {
      const passages = index.frequencyOf(lexeme);
      if (passages > 0) frequencies.set(lexeme, passages);
    }
    return { lexemes, frequencies };
  }

  /** Reads the passages at these places. */
  async readPassages(
    trx: KnowledgeTrx,
    corpus: Corpus,
    { index, places, within }: { index: CorpusIndex; places: readonly ScoredPlace[]; within: Consistency },
  ): Promise<void> {
    const unread = index.unreadOf(places);
    if (unread.length === 0) return;
    const keys = unread.map((place) => index.keyOf(place));
    const { revision, passages } = await this.repository.readPassages(trx, corpus, keys);
    within.check(index, revision);
    index.keepPassages(passages);
  }

  /** Words of the corpus that begin so. */
  async wordsFrom(
    trx: KnowledgeTrx,
    corpus: Corpus,
    { index, beginning, within }: { index: CorpusIndex; beginning: string; within: Consistency },
  ): Promise<KnownWords> {
    const known = index.wordsFrom(beginning);
    if (known) return known;
    const { revision, words } = await this.repository.readWords(trx, corpus, beginning);
    within.check(index, revision);
    return index.keepWords(beginning, words);
  }

  /** Keeps the memory within its bounds. Questions that are under way keep the index that they began with. */
  trim(): void {
    if (this.stems.size > MAX_STEMS) this.stems.clear();
    let bytes = [...this.indexes.values()].reduce((sum, index) => sum + index.bytes, 0);
    for (const [key, index] of this.indexes) {
      if (bytes <= this.maxBytes) return;
      bytes -= index.bytes;
      this.indexes.delete(key);
    }
  }

  private unstemmed(asked: AskedWords, form: Form): Looked[] {
    const all = asked.words.flatMap((word) => formsOf(word, form));
    const missing = all.filter((one) => one.stemmer !== NO_STEMMER && !this.stems.has(stemKey(one)));
    return [...new Map(missing.map((one) => [stemKey(one), one])).values()];
  }

  private keepStems(stems: readonly (Looked & { lexeme: string | null })[]): void {
    for (const { lexeme, ...looked } of stems) this.stems.set(stemKey(looked), lexeme);
  }

  /** The lexemes that a word may have; none where it is a stop word in one of the languages. */
  private lexemesOf(word: string, form: Form): string[] {
    const stems = formsOf(word, form).map((one) =>
      one.stemmer === NO_STEMMER ? one.text : (this.stems.get(stemKey(one)) ?? null),
    );
    return stems[0] === null || stems.includes(null)
      ? []
      : [...new Set(stems.filter((stem) => stem !== null))];
  }
}

/** Sees to it that what is read belongs to one revision: a last attempt takes what it gets. */
export class Consistency {
  readonly isLast: boolean;

  constructor(isLast: boolean) {
    this.isLast = isLast;
  }

  /** @throws CorpusChangedError where the corpus has another revision by now, and this is no last attempt */
  check(index: CorpusIndex, revision: string): void {
    if (revision !== index.revision && !this.isLast)
      throw new CorpusChangedError('The knowledge base changed.');
  }
}

const keyOf = ({ spaceId, knowledgeBaseIds }: Corpus): string => [spaceId, ...knowledgeBaseIds].join(' ');

const stemKey = ({ stemmer, text }: Looked): string => `${stemmer} ${text}`;

/** A word as each stemmer of the corpus takes it, as documents of the old form have it, too. */
function formsOf(word: string, { languages, hasLegacy }: Form): Looked[] {
  const stemmers = /^[\p{L}\p{M}]+$/u.test(word) ? stemmersOf(word, languages) : [];
  const forms = stemmers.map((stemmer) => ({ stemmer, text: stemmable(word, stemmer) }));
  if (forms.length === 0) forms.push({ stemmer: NO_STEMMER, text: word });
  const legacy = hasLegacy ? legacyForm(word) : null;
  if (legacy !== null && !forms.some(({ stemmer, text }) => stemmer === 'english' && text === legacy))
    forms.push({ stemmer: 'english', text: legacy });
  return forms;
}
