import type { Database } from '@parley/database';
import { KnowledgeIndexRepository } from './knowledge-index.repository.ts';
import type { KnowledgeTrx } from './knowledge.repository.ts';
import { KnowledgeSearchRepository } from './knowledge-search.repository.ts';
import type { Corpus } from './knowledge-search.repository.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import { effectiveWords, scoredLexemes, toConcepts, weighConcepts } from './ranking/concepts.ts';
import { CANDIDATES, CONFIDENCE_THRESHOLD, scoring, weights } from './ranking/parameters.ts';
import { readQuestion } from './ranking/question.ts';
import type { QuestionWord } from './ranking/question.ts';
import { bestQuote, sentenceSpans } from './ranking/quote.ts';
import type { Sentence } from './ranking/quote.ts';
import { rerank } from './ranking/rerank.ts';
import type { RankedPassage } from './ranking/rerank.ts';
import { correctionOf, MIN_CORRECTABLE } from './ranking/spelling.ts';
import { compoundsOf, parseLexemes } from './ranking/terms.ts';
import type { Concept, CorpusSize } from './ranking/types.ts';

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
  /** The first citation's quote. */
  text: string;
  /** The first is the answer's own source; up to two more documents that fit follow. */
  citations: Citation[];
  /** 0 to 1: share of the question's information that the best passage covers. */
  confidence: number;
}

const CITED_DOCUMENTS = 3;
/** Passages of a document among which its best sentences are looked for. */
const QUOTABLE_PASSAGES = 3;

interface Ranking {
  concepts: Concept[];
  passages: RankedPassage[];
}

/** Finds passages and answers from them, without a language model. */
export class KnowledgeSearch {
  private readonly database: Database<KnowledgeTables>;
  private readonly repository = new KnowledgeSearchRepository();
  private readonly index = new KnowledgeIndexRepository();

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
      const citations = await this.cite(trx, question, concepts, passages);
      return { text: citations[0]?.quote ?? '', citations, confidence };
    });
  }

  private async rank(trx: KnowledgeTrx, query: SearchQuery): Promise<Ranking> {
    const size = await this.repository.corpusSize(trx, query);
    if (size.passages === 0) {
      return { concepts: [], passages: [] };
    }
    const words = readQuestion(query.query, query.turns ?? []);
    const stems = await this.stem(trx, [...words.own, ...words.context]);
    const { concepts, frequencies } = await this.understand(
      trx,
      query,
      toConcepts(effectiveWords(query.query, words, stems), stems),
      size,
    );
    const scored = scoredLexemes(concepts, size.passages, frequencies);
    if (scored.lexemes.length === 0) {
      return { concepts, passages: [] };
    }
    const parameters = { ...scored, size, parameters: scoring, limit: CANDIDATES };
    const candidates = await this.repository.bestPassages(trx, query, parameters);
    return { concepts, passages: rerank(candidates, concepts) };
  }

  private async stem(trx: KnowledgeTrx, words: readonly QuestionWord[]): Promise<Map<string, string>> {
    const all = [
      ...new Set(
        words
          .filter((entry) => !entry.isName)
          .flatMap((entry) => [entry.word, ...entry.inflections, ...entry.synonyms]),
      ),
    ];
    const vectors = await this.index.analyse(trx, all);
    const stems = new Map<string, string>();
    vectors.forEach((vector, index) => {
      const [lexeme] = parseLexemes(vector).keys();
      if (lexeme !== undefined) {
        stems.set(all[index] ?? '', lexeme);
      }
    });
    return stems;
  }

  /** Weighs the concepts by the corpus, and corrects the spelling of words it does not know. */
  private async understand(
    trx: KnowledgeTrx,
    corpus: Corpus,
    concepts: readonly Concept[],
    size: CorpusSize,
  ): Promise<{ concepts: Concept[]; frequencies: Map<string, number> }> {
    const lexemes = concepts.flatMap((concept) => concept.forms.map((form) => form.lexeme));
    const frequencies = await this.repository.passageFrequencies(trx, corpus, lexemes);
    const weighed = weighConcepts(concepts, size.passages, frequencies);
    const corrected = await Promise.all(weighed.map((concept) => this.correct(trx, corpus, concept)));
    const added = corrected.flatMap((concept) => concept.forms.map((form) => form.lexeme));
    const unknown = added.filter((lexeme) => !lexemes.includes(lexeme));
    if (unknown.length > 0) {
      for (const [lexeme, passages] of await this.repository.passageFrequencies(trx, corpus, unknown)) {
        frequencies.set(lexeme, passages);
      }
    }
    return { concepts: corrected, frequencies };
  }

  private async correct(trx: KnowledgeTrx, corpus: Corpus, concept: Concept): Promise<Concept> {
    const isCorrectable =
      !concept.known &&
      !concept.fromContext &&
      concept.word.length >= MIN_CORRECTABLE &&
      /^\p{L}+$/u.test(concept.word);
    if (!isCorrectable) {
      return concept;
    }
    const correction = correctionOf(concept.word, await this.repository.wordsLike(trx, corpus, concept.word));
    if (correction === null) {
      return concept;
    }
    const [vector = ''] = await this.index.analyse(trx, [correction]);
    const [lexeme = correction] = parseLexemes(vector).keys();
    return { ...concept, forms: [...concept.forms, { lexeme, weight: weights.spelling }] };
  }

  private async cite(
    trx: KnowledgeTrx,
    question: string,
    concepts: readonly Concept[],
    passages: readonly RankedPassage[],
  ): Promise<Citation[]> {
    const documents = [...Map.groupBy(passages, (passage) => passage.documentId).values()].slice(
      0,
      CITED_DOCUMENTS,
    );
    const looked = documents.flatMap((group) => group.slice(0, QUOTABLE_PASSAGES));
    const sentences = await this.sentencesOf(trx, looked);
    return documents.flatMap((group) => {
      const quotes = group.slice(0, QUOTABLE_PASSAGES).flatMap((passage) => {
        const quote = bestQuote(question, concepts, passage, sentences.get(passage) ?? []);
        const share = passage.score / Math.max(group[0]?.score ?? 0, 1e-9);
        return quote ? [{ passage, text: quote.text, worth: quote.score * share }] : [];
      });
      const [best] = quotes.sort((one, other) => other.worth - one.worth);
      return best ? [toCitation(best.passage, best.text)] : [];
    });
  }

  private async sentencesOf(
    trx: KnowledgeTrx,
    passages: readonly RankedPassage[],
  ): Promise<Map<RankedPassage, Sentence[]>> {
    const spans = passages.flatMap((passage) =>
      sentenceSpans(passage).map(([start, end]) => ({ passage, start, end })),
    );
    const texts = spans.map(({ passage, start, end }) => passage.text.slice(start, end));
    const vectors = await this.index.analyse(trx, texts);
    const sentences = new Map<RankedPassage, Sentence[]>(passages.map((passage) => [passage, []]));
    spans.forEach(({ passage, start, end }, place) => {
      const lexemes = new Set([
        ...parseLexemes(vectors[place] ?? '').keys(),
        ...compoundsOf(texts[place] ?? ''),
      ]);
      sentences.get(passage)?.push({ start, end, lexemes });
    });
    return sentences;
  }
}

function toCitation({ documentId, title, passageId, url }: RankedPassage, quote: string): Citation {
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
