import type { Database } from '@parley/database';
import { CorpusWordReader } from './corpus-words.ts';
import type { AskedWords, CorpusWords } from './corpus-words.ts';
import type { KnowledgeTrx } from './knowledge.repository.ts';
import { KnowledgeSearchRepository } from './knowledge-search.repository.ts';
import type { Corpus } from './knowledge-search.repository.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import { effectiveWords, scoredLexemes, toConcepts, weighConcepts } from './ranking/concepts.ts';
import { compounding, type LatinLanguage } from './ranking/languages.ts';
import { CANDIDATES, confidenceThreshold, scoring, weights } from './ranking/parameters.ts';
import { readQuestion } from './ranking/question.ts';
import type { QuestionWord, QuestionWords } from './ranking/question.ts';
import { bestQuote } from './ranking/quote.ts';
import { rerank } from './ranking/rerank.ts';
import { cutPlace } from './ranking/terms.ts';
import type { RankedPassage } from './ranking/rerank.ts';
import { correctionOf, MIN_CORRECTABLE } from './ranking/spelling.ts';
import type { Candidate, Concept } from './ranking/types.ts';
import { QuestionVocabulary } from './ranking/vocabulary/index.ts';

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

/** What PostgreSQL found for a question: it is ranked outside of the transaction. */
interface Found {
  concepts: Concept[];
  candidates: Candidate[];
  /** Passages of the corpus. */
  passages: number;
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
      const { candidates, concepts } = await this.find(within, query);
      return rerank(candidates, concepts, askable(query.query))
        .slice(0, query.limit ?? 10)
        .map(toHit);
    };
    return trx ? find(trx) : this.database.withSpaces([query.spaceId], find);
  }

  /** The best sentences of the best passage, quoted and cited; null when no passage covers enough of the question. */
  async answer({ question, ...corpus }: Question): Promise<KnowledgeAnswer | null> {
    const found = await this.database.withSpaces([corpus.spaceId], (trx) =>
      this.find(trx, { ...corpus, query: question }),
    );
    const passages = rerank(found.candidates, found.concepts, askable(question));
    const confidence = passages[0]?.coverage ?? 0;
    if (confidence < confidenceThreshold(found.passages)) {
      return null;
    }
    const [first, ...rest] = cite(askable(question), found.concepts, passages);
    if (!first) return { text: '', citations: [], confidence };
    const { above, quote } = first;
    // Values of a table say little without their header.
    const text = above === '' || above.length > MAX_ABOVE ? quote : `${above}\n${quote}`;
    return { text, citations: [first, ...rest].map(toCitation), confidence };
  }

  private async find(trx: KnowledgeTrx, given: SearchQuery): Promise<Found> {
    const query = { ...given, query: askable(given.query), turns: (given.turns ?? []).map(askable) };
    const { asked, vocabulary, corpus } = await this.read(trx, query);
    const passages = corpus.size.passages;
    if (passages === 0) {
      return { concepts: [], candidates: [], passages };
    }
    const meant = toConcepts(effectiveWords(query.query, asked, corpus, vocabulary), corpus);
    const { concepts, frequencies } = await this.understand(trx, query, meant, {
      ...corpus,
      languages: vocabulary.languages,
    });
    const scored = scoredLexemes(concepts, passages, frequencies);
    if (scored.lexemes.length === 0) {
      return { concepts, candidates: [], passages };
    }
    const names = concepts.filter((concept) => concept.isExact).flatMap(({ forms }) => forms);
    const parameters = {
      ...scored,
      names: names.map(({ lexeme }) => lexeme),
      ...{ size: corpus.size, parameters: scoring, limit: CANDIDATES },
    };
    return { concepts, candidates: await this.repository.bestPassages(trx, query, parameters), passages };
  }

  /** Reads the question in the languages of the corpus; once more where they are not those of its last question. */
  private async read(
    trx: KnowledgeTrx,
    query: SearchQuery,
    languages: readonly LatinLanguage[] = this.words.languagesOf(query),
  ): Promise<{ asked: QuestionWords; vocabulary: QuestionVocabulary; corpus: CorpusWords }> {
    const vocabulary = new QuestionVocabulary(query.query, languages);
    const asked = readQuestion(query.query, query.turns ?? [], vocabulary);
    const all = [...asked.own, ...asked.turns.flatMap((turn) => turn.words)];
    const corpus = await this.words.read(trx, query, lookedUp(all));
    const isSame = corpus.languages.join() === languages.join();
    return isSame ? { asked, vocabulary, corpus } : this.read(trx, query, corpus.languages);
  }

  /** Weighs the concepts by the corpus, corrects the spelling of words it does not know, and finds compounds. */
  private async understand(
    trx: KnowledgeTrx,
    query: Corpus,
    concepts: readonly Concept[],
    corpus: CorpusWords,
  ): Promise<{ concepts: Concept[]; frequencies: ReadonlyMap<string, number> }> {
    const weighed = weighConcepts(concepts, corpus.size.passages, corpus.frequencies);
    const added: { concept: Concept; word: string; weight: number }[] = [];
    for (const concept of weighed.filter(isCorrectable)) {
      const known = await this.repository.wordsLike(trx, query, concept.word);
      const word = correctionOf(concept.word, known);
      if (word !== null) added.push({ concept, word, weight: weights.spelling });
    }
    added.push(...(await this.compoundsOf(trx, query, weighed, corpus.languages)));
    if (added.length === 0) {
      return { concepts: weighed, frequencies: corpus.frequencies };
    }
    const words = await this.words.read(trx, query, { words: added.map(({ word }) => word), exact: [] });
    return {
      concepts: weighed.map((concept) => {
        const forms = added
          .filter((one) => one.concept === concept)
          .flatMap(({ word, weight }) =>
            (words.lexemes.get(word) ?? []).map((lexeme) => ({ lexeme, weight })),
          );
        const isNew = ({ lexeme }: { lexeme: string }): boolean =>
          !concept.forms.some((form) => form.lexeme === lexeme);
        return { ...concept, forms: [...concept.forms, ...forms.filter(isNew)] };
      }),
      frequencies: new Map([...corpus.frequencies, ...words.frequencies]),
    };
  }

  /** Compounds that hold a word of the question, and parts of its compounds, in languages that write them as one word. */
  private async compoundsOf(
    trx: KnowledgeTrx,
    query: Corpus,
    concepts: readonly Concept[],
    languages: readonly LatinLanguage[],
  ): Promise<{ concept: Concept; word: string; weight: number }[]> {
    if (!languages.some((language) => compounding.has(language))) return [];
    const byWord = new Map(concepts.filter(isPartOfCompounds).map((concept) => [concept.word, concept]));
    if (byWord.size === 0) return [];
    const found = await this.repository.compoundsLike(trx, query, [...byWord.keys()]);
    return found.flatMap(({ word, compound }) => {
      const concept = byWord.get(word);
      return concept ? [{ concept, word: compound, weight: weights.compound }] : [];
    });
  }
}

const isCorrectable = (concept: Concept): boolean =>
  !concept.known &&
  !concept.fromContext &&
  concept.word.length >= MIN_CORRECTABLE &&
  /^[\p{L}\p{M}]+$/u.test(concept.word) &&
  !concept.isExact;

/** Shorter words begin too many others. */
const MIN_PART = 4;

const isPartOfCompounds = (concept: Concept): boolean =>
  !concept.isExact &&
  !concept.fromContext &&
  concept.weight > weights.frame &&
  concept.word.length >= MIN_PART &&
  /^\p{L}+$/u.test(concept.word);

/** Everything that may stand for a word of the question. */
function lookedUp(words: readonly QuestionWord[]): AskedWords {
  const stemmed = words.filter((entry) => !entry.isExact);
  const exact = words.filter((entry) => entry.isExact);
  return {
    words: [...new Set(stemmed.flatMap((entry) => [entry.word, ...entry.inflections, ...entry.synonyms]))],
    exact: [...new Set(exact.flatMap((entry) => [entry.word, ...entry.inflections, ...entry.synonyms]))],
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
