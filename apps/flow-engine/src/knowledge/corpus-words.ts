import type { KnowledgeTrx } from './knowledge.repository.ts';
import type { Corpus, KnowledgeSearchRepository } from './knowledge-search.repository.ts';
import type { CorpusSize } from './ranking/types.ts';

/** What a question has to know of its corpus: its size, the stems of words, and how often each lexeme is found. */
export interface CorpusWords {
  size: CorpusSize;
  /** The lexeme of each word; none for a stop word. */
  stems: Map<string, string>;
  /** Passages that hold a lexeme; nothing for one that the corpus does not know. */
  frequencies: Map<string, number>;
}

interface Counted {
  version: string;
  lexemes: Map<string, number>;
}

const MAX_STEMS = 20_000;
const MAX_CORPORA = 100;
const MAX_LEXEMES = 5_000;

/**
 * Reads what questions need of a corpus in one statement, and keeps what does not change: stems for good, frequencies
 * until a document comes or goes. Everyday words and their synonyms are in nearly every question.
 */
export class CorpusWordReader {
  private readonly repository: KnowledgeSearchRepository;
  private readonly stems = new Map<string, string | null>();
  private readonly corpora = new Map<string, Counted>();

  constructor(repository: KnowledgeSearchRepository) {
    this.repository = repository;
  }

  async read(
    trx: KnowledgeTrx,
    corpus: Corpus,
    asked: { words: readonly string[]; names: readonly string[] },
  ): Promise<CorpusWords> {
    const counted = this.countedOf(corpus);
    const isKept = (word: string): boolean => counted.lexemes.has(this.stems.get(word) ?? word);
    const words = asked.words.filter((word) => !this.stems.has(word) || !isKept(word));
    const names = asked.names.filter((name) => !counted.lexemes.has(name));
    const found = await this.repository.readWords(trx, corpus, { words, names });
    if (found.version !== counted.version) {
      counted.version = found.version;
      counted.lexemes.clear();
      if (words.length + names.length < asked.words.length + asked.names.length) {
        return this.read(trx, corpus, asked);
      }
    }
    for (const { word, lexeme, passages } of found.words) {
      this.stems.set(word, lexeme);
      counted.lexemes.set(lexeme ?? word, passages);
    }
    for (const { name, passages } of found.names) {
      counted.lexemes.set(name, passages);
    }
    return { size: found.size, ...this.answerTo(asked, counted) };
  }

  private answerTo(
    asked: { words: readonly string[]; names: readonly string[] },
    counted: Counted,
  ): Pick<CorpusWords, 'stems' | 'frequencies'> {
    const stems = new Map<string, string>();
    const frequencies = new Map<string, number>();
    const count = (lexeme: string): void => {
      const passages = counted.lexemes.get(lexeme) ?? 0;
      if (passages > 0) {
        frequencies.set(lexeme, passages);
      }
    };
    for (const word of asked.words) {
      const stem = this.stems.get(word) ?? null;
      if (stem !== null) {
        stems.set(word, stem);
      }
      count(stem ?? word);
    }
    asked.names.forEach(count);
    return { stems, frequencies };
  }

  private countedOf(corpus: Corpus): Counted {
    if (this.stems.size > MAX_STEMS) {
      this.stems.clear();
    }
    const key = [corpus.spaceId, ...corpus.knowledgeBaseIds].join(' ');
    let counted = this.corpora.get(key);
    if (counted === undefined || counted.lexemes.size > MAX_LEXEMES) {
      counted = { version: '', lexemes: new Map() };
    }
    this.corpora.delete(key);
    this.corpora.set(key, counted);
    for (const oldest of [...this.corpora.keys()].slice(0, Math.max(0, this.corpora.size - MAX_CORPORA))) {
      this.corpora.delete(oldest);
    }
    return counted;
  }
}
