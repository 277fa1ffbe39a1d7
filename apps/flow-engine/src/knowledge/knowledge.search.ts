import type { Database } from '@parley/database';
import { CorpusWordReader } from './corpus-words.ts';
import type { CorpusWords } from './corpus-words.ts';
import type { KnowledgeTrx } from './knowledge.repository.ts';
import { KnowledgeSearchRepository } from './knowledge-search.repository.ts';
import type { Corpus } from './knowledge-search.repository.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import { effectiveWords, scoredLexemes, toConcepts, weighConcepts } from './ranking/concepts.ts';
import { CANDIDATES, CONFIDENCE_THRESHOLD, scoring, weights } from './ranking/parameters.ts';
import { readQuestion } from './ranking/question.ts';
import type { QuestionWord } from './ranking/question.ts';
import { bestQuote } from './ranking/quote.ts';
import { rerank } from './ranking/rerank.ts';
import { cutPlace } from './ranking/terms.ts';
import type { RankedPassage } from './ranking/rerank.ts';
import { correctionOf, MIN_CORRECTABLE } from './ranking/spelling.ts';
import type { Concept } from './ranking/types.ts';

export interface SearchQuery {
  spaceId: string;
  knowledgeBaseIds: readonly string[];
  query: string;
  /** Earlier questions of the conversation, oldest first, without this one. */
  turns?: readonly string[];
  limit?: number;
}

/** A question to be answered; as `SearchQuery`. */
export interface Question {
  spaceId: string;
  knowledgeBaseIds: readonly string[];
  question: string;
  turns?: readonly string[];
}

export interface SearchHit {
  documentId: string;
  title: string;
  passageId: string;
  headingPath: string[];
  text: string;
  score: number;
  url: string | null;
}

export interface Citation {
  documentId: string;
  title: string;
  passageId: string;
  /** Word for word a part of the passage's text. */
  quote: string;
  url: string | null;
}

/** What the knowledge bases say. */
export interface KnowledgeAnswer {
  /** The first citation's quote; rows of a table under its caption and header. */
  text: string;
  /** The first is the answer's own source; up to two more documents that fit follow. */
  citations: Citation[];
  /** 0 to 1: share of the question's information that the best passage covers. */
  confidence: number;
}

const CITED_DOCUMENTS = 3;
/** Longer captions and headers are not repeated in an answer. */
const MAX_ABOVE = 300;
/** Passages of a document among which its best sentences are looked for. */
const QUOTABLE_PASSAGES = 3;

/** What is read of a message as a question: what follows is no question any more. */
const MAX_QUESTION = 2000;

function askable(text: string): string {
  return text.slice(0, cutPlace(text, MAX_QUESTION));
}

interface Ranking {
  concepts: Concept[];
  passages: RankedPassage[];
}

/** Finds passages and answers from them, without a language model. */
export class KnowledgeSearch {
  private readonly database: Database<KnowledgeTables>;
  private readonly repository = new KnowledgeSearchRepository();
  private readonly words = new CorpusWordReader(this.repository);

  constructor(database: Database<KnowledgeTables>) {
    this.database = database;
  }

  /** Passages that fit the question, best first. */
  async search(query: SearchQuery, trx?: KnowledgeTrx): Promise<SearchHit[]> {
    const find = async (within: KnowledgeTrx): Promise<SearchHit[]> => {
      const { passages } = await this.rank(within, query);
      return passages.slice(0, query.limit ?? 10).map(toHit);
    };
    return trx ? find(trx) : this.database.withSpaces([query.spaceId], find);
  }

  /** The best sentences of the best passage, quoted and cited; null when no passage covers enough of the question. */
  async answer({ question, ...corpus }: Question): Promise<KnowledgeAnswer | null> {
    return this.database.withSpaces([corpus.spaceId], async (trx) => {
      const { concepts, passages } = await this.rank(trx, { ...corpus, query: question });
      const confidence = passages[0]?.coverage ?? 0;
      if (confidence < CONFIDENCE_THRESHOLD) {
        return null;
      }
      const [first, ...rest] = cite(askable(question), concepts, passages);
      if (!first) return { text: '', citations: [], confidence };
      const { above, quote } = first;
      // Values of a table say little without their header.
      const text = above === '' || above.length > MAX_ABOVE ? quote : `${above}\n${quote}`;
      return { text, citations: [first, ...rest].map(toCitation), confidence };
    });
  }

  private async rank(trx: KnowledgeTrx, given: SearchQuery): Promise<Ranking> {
    const query = { ...given, query: askable(given.query), turns: (given.turns ?? []).map(askable) };
    const asked = readQuestion(query.query, query.turns);
    const corpus = await this.words.read(trx, query, lookedUp([...asked.own, ...asked.context]));
    const { size, stems } = corpus;
    if (size.passages === 0) {
      return { concepts: [], passages: [] };
    }
    const meant = toConcepts(effectiveWords(query.query, asked, stems), stems);
    const { concepts, frequencies } = await this.understand(trx, query, meant, corpus);
    const scored = scoredLexemes(concepts, size.passages, frequencies);
    if (scored.lexemes.length === 0) {
      return { concepts, passages: [] };
    }
    const parameters = { ...scored, size, parameters: scoring, limit: CANDIDATES };
    const candidates = await this.repository.bestPassages(trx, query, parameters);
    return { concepts, passages: rerank(candidates, concepts) };
  }

  /** Weighs the concepts by the corpus, and corrects the spelling of words it does not know. */
  private async understand(
    trx: KnowledgeTrx,
    query: Corpus,
    concepts: readonly Concept[],
    { size, frequencies }: CorpusWords,
  ): Promise<{ concepts: Concept[]; frequencies: ReadonlyMap<string, number> }> {
    const weighed = weighConcepts(concepts, size.passages, frequencies);
    const corrections = new Map<Concept, string>();
    for (const concept of weighed.filter(isCorrectable)) {
      const known = await this.repository.wordsLike(trx, query, concept.word);
      const correction = correctionOf(concept.word, known);
      if (correction !== null) {
        corrections.set(concept, correction);
      }
    }
    if (corrections.size === 0) {
      return { concepts: weighed, frequencies };
    }
    const added = await this.words.read(trx, query, { words: [...corrections.values()], names: [] });
    return {
      concepts: weighed.map((concept) => {
        const correction = corrections.get(concept);
        return correction === undefined
          ? concept
          : corrected(concept, added.stems.get(correction) ?? correction);
      }),
      frequencies: new Map([...frequencies, ...added.frequencies]),
    };
  }
}

const corrected = (concept: Concept, lexeme: string): Concept => ({
  ...concept,
  forms: [...concept.forms, { lexeme, weight: weights.spelling }],
});

const isCorrectable = (concept: Concept): boolean =>
  !concept.known &&
  !concept.fromContext &&
  concept.word.length >= MIN_CORRECTABLE &&
  /^\p{L}+$/u.test(concept.word);

/** Everything that may stand for a word of the question. */
function lookedUp(words: readonly QuestionWord[]): { words: string[]; names: string[] } {
  const stemmed = words.filter((entry) => !entry.isName);
  return {
    words: [...new Set(stemmed.flatMap((entry) => [entry.word, ...entry.inflections, ...entry.synonyms]))],
    names: words.filter((entry) => entry.isName).map((entry) => entry.word),
  };
}

/** What is quoted of a passage. */
interface Quoted {
  passage: RankedPassage;
  quote: string;
  /** Caption and header of the table that it is from. */
  above: string;
}

/** The best sentences of the best documents. */
function cite(question: string, concepts: readonly Concept[], passages: readonly RankedPassage[]): Quoted[] {
  const documents = [...Map.groupBy(passages, (passage) => passage.documentId).values()].slice(
    0,
    CITED_DOCUMENTS,
  );
  return documents.flatMap((group) => {
    const quotes = group.slice(0, QUOTABLE_PASSAGES).flatMap((passage) => {
      const quote = bestQuote(question, concepts, passage);
      const share = passage.score / Math.max(group[0]?.score ?? 0, 1e-9);
      return quote ? [{ passage, quote: quote.text, above: quote.above, worth: quote.score * share }] : [];
    });
    const [best] = quotes.sort((one, other) => other.worth - one.worth);
    return best ? [best] : [];
  });
}

function toCitation({ passage: { documentId, title, passageId, url }, quote }: Quoted): Citation {
  return { documentId, title, passageId, quote, url };
}

function toHit(passage: RankedPassage): SearchHit {
  const { documentId, title, passageId, headingPath, text, url } = passage;
  return {
    documentId,
    title,
    passageId,
    headingPath,
    text,
    score: Math.round(passage.score * 1000) / 1000,
    url,
  };
}
