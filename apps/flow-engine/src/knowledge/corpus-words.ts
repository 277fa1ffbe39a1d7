import type { KnowledgeTrx } from './knowledge.repository.ts';
import type { Corpus, KnowledgeSearchRepository, Looked } from './knowledge-search.repository.ts';
import type { Lexicon } from './ranking/concepts.ts';
import { legacyForm } from './ranking/legacy.ts';
import { type LatinLanguage, stemmable, stemmersOf } from './ranking/languages.ts';
import type { CorpusSize } from './ranking/types.ts';

/** What a question has to know of its corpus: its size, the lexemes of words, and how often each is found. */
export interface CorpusWords extends Lexicon {
  size: CorpusSize;
  /** Languages that the corpus has Latin text in. */
  languages: readonly LatinLanguage[];
}

/** Words to look up: in the languages of the corpus, or as they are. */
export interface AskedWords {
  words: readonly string[];
  exact: readonly string[];
}

/** How the texts of a corpus are indexed. */
interface Form {
  languages: readonly LatinLanguage[];
  /** Whether documents are there that were segmented before there were versions of that. */
  hasLegacy: boolean;
}

interface Counted extends Form {
  version: string;
  lexemes: Map<string, number>;
}

const MAX_STEMS = 50_000;
const MAX_CORPORA = 100;
const MAX_LEXEMES = 5_000;
const NO_STEMMER = '';

/**
 * Reads what questions need of a corpus in one statement, and keeps what does not change: stems for good, frequencies
 * until a document comes or goes. Everyday words and their synonyms are in nearly every question.
 */
export class CorpusWordReader {
  private readonly repository: KnowledgeSearchRepository;
  /** By stemmer and word; null for a stop word. */
  private readonly stems = new Map<string, string | null>();
  private readonly corpora = new Map<string, Counted>();

  constructor(repository: KnowledgeSearchRepository) {
    this.repository = repository;
  }

  /** Languages of the corpus as they were at its last question; English where there was none. */
  languagesOf(corpus: Corpus): readonly LatinLanguage[] {
    return this.countedOf(corpus).languages;
  }

  async read(trx: KnowledgeTrx, corpus: Corpus, asked: AskedWords): Promise<CorpusWords> {
    const counted = this.countedOf(corpus);
    const all = lookedUp(asked, counted);
    const looked = all.filter((one) => !this.isKept(one, counted));
    const found = await this.repository.readWords(trx, corpus, looked);
    if (found.version !== counted.version) {
      const isNewForm =
        found.hasLegacy !== counted.hasLegacy || found.languages.join() !== counted.languages.join();
      const { version, languages, hasLegacy } = found;
      Object.assign(counted, { version, languages, hasLegacy });
      counted.lexemes.clear();
      if (isNewForm || looked.length < all.length) {
        return this.read(trx, corpus, asked);
      }
    }
    for (const { stemmer, text, lexeme, passages } of found.words) {
      if (stemmer !== NO_STEMMER) this.stems.set(stemKey(stemmer, text), lexeme);
      if (lexeme !== null) counted.lexemes.set(lexeme, passages);
    }
    return { size: found.size, languages: found.languages, ...this.lexiconOf(asked, counted) };
  }

  /** Whether it is known already what the corpus says of a word. */
  private isKept({ stemmer, text }: Looked, counted: Counted): boolean {
    const lexeme = stemmer === NO_STEMMER ? text : this.stems.get(stemKey(stemmer, text));
    return lexeme === null || (lexeme !== undefined && counted.lexemes.has(lexeme));
  }

  private lexiconOf(asked: AskedWords, counted: Counted): Lexicon {
    const lexemes = new Map<string, string[]>();
    const frequencies = new Map<string, number>();
    for (const word of asked.words) lexemes.set(word, this.lexemesOf(word, counted));
    for (const lexeme of [...asked.exact, ...[...lexemes.values()].flat()]) {
      const passages = counted.lexemes.get(lexeme) ?? 0;
      if (passages > 0) frequencies.set(lexeme, passages);
    }
    return { lexemes, frequencies };
  }

  /** The lexemes that a word may have; none where it is a stop word in one of the languages. */
  private lexemesOf(word: string, form: Form): string[] {
    const stems = formsOf(word, form).map(({ stemmer, text }) =>
      stemmer === NO_STEMMER ? text : (this.stems.get(stemKey(stemmer, text)) ?? null),
    );
    return stems[0] === null || stems.includes(null)
      ? []
      : [...new Set(stems.filter((stem) => stem !== null))];
  }

  private countedOf(corpus: Corpus): Counted {
    if (this.stems.size > MAX_STEMS) {
      this.stems.clear();
    }
    const key = [corpus.spaceId, ...corpus.knowledgeBaseIds].join(' ');
    let counted = this.corpora.get(key);
    if (counted === undefined || counted.lexemes.size > MAX_LEXEMES) {
      const { languages = ['english'], hasLegacy = false } = counted ?? {};
      counted = { version: '', lexemes: new Map(), languages, hasLegacy };
    }
    this.corpora.delete(key);
    this.corpora.set(key, counted);
    for (const oldest of [...this.corpora.keys()].slice(0, Math.max(0, this.corpora.size - MAX_CORPORA))) {
      this.corpora.delete(oldest);
    }
    return counted;
  }
}

const stemKey = (stemmer: string, text: string): string => `${stemmer} ${text}`;

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

function lookedUp({ words, exact }: AskedWords, form: Form): Looked[] {
  const all = [
    ...words.flatMap((word) => formsOf(word, form)),
    ...exact.map((text) => ({ stemmer: NO_STEMMER, text })),
  ];
  return [...new Map(all.map((one) => [stemKey(one.stemmer, one.text), one])).values()];
}
