import type { Database } from '@parley/database';
import type { CorpusIndex } from './corpus/corpus-index.ts';
import { type AskedWords, Consistency, CorpusChangedError, CorpusReader } from './corpus/corpus-reader.ts';
import type { KnowledgeTrx } from './knowledge.repository.ts';
import { type Corpus, KnowledgeSearchRepository } from './knowledge-search.repository.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import { effectiveWords, scoredLexemes, toConcepts, weighConcepts } from './ranking/concepts.ts';
import { compounding } from './ranking/languages.ts';
import type { Lexicon } from './ranking/concepts.ts';
import { CANDIDATES, confidenceThreshold, weights } from './ranking/parameters.ts';
import { readQuestion } from './ranking/question.ts';
import type { QuestionWord, QuestionWords } from './ranking/question.ts';
import { bestQuote } from './ranking/quote.ts';
import { rerank } from './ranking/rerank.ts';
import { cutPlace } from './ranking/terms.ts';
import type { RankedPassage } from './ranking/rerank.ts';
import { correctionOf, MIN_CORRECTABLE, MOST_EDITS } from './ranking/spelling.ts';
import type { Candidate, Concept } from './ranking/types.ts';
import { QuestionVocabulary } from './ranking/vocabulary/index.ts';

export type { Corpus } from './knowledge-search.repository.ts';

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
  private readonly reader = new CorpusReader(new KnowledgeSearchRepository());

  constructor(database: Database<KnowledgeTables>) {
    this.database = database;
  }

  /** Passages that fit the question, best first. */
  async search(query: SearchQuery, trx?: KnowledgeTrx): Promise<SearchHit[]> {
    const { candidates, concepts } = await this.find(query, trx);
    return rerank(candidates, concepts, askable(query.query))
      .slice(0, query.limit ?? 10)
      .map(toHit);
  }

  /** The best sentences of the best passage, quoted and cited; null when no passage covers enough of the question. */
  async answer({ question, ...corpus }: Question, trx?: KnowledgeTrx): Promise<KnowledgeAnswer | null> {
    const found = await this.find({ ...corpus, query: question }, trx);
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

  /** Passages of a corpus whose index is in memory; null where it is not. */
  passagesInMemory(corpus: Corpus): number | null {
    return this.reader.passagesOf(corpus);
  }

  private async find(given: SearchQuery, trx?: KnowledgeTrx): Promise<Found> {
    const query = { ...given, query: askable(given.query), turns: (given.turns ?? []).map(askable) };
    const find = (within: KnowledgeTrx): Promise<Found> => this.findWithin(within, query);
    return trx ? find(trx) : this.database.withSpaces([given.spaceId], find);
  }

  private async findWithin(trx: KnowledgeTrx, query: SearchQuery): Promise<Found> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.findOnce({ trx, query, within: new Consistency(attempt === ATTEMPTS) });
      } catch (error) {
        if (!(error instanceof CorpusChangedError)) throw error;
      } finally {
        this.reader.trim();
      }
  }

  private async findOnce(look: Look): Promise<Found> {
    const { trx, query, within } = look;
    const read = await this.read(look);
    const { index } = read;
    const { passages } = index.size;
    if (passages === 0) {
      return { concepts: [], candidates: [], passages };
    }
    const meant = toConcepts(
      effectiveWords(query.query, read.asked, read.lexicon, read.vocabulary),
      read.lexicon,
    );
    const { concepts, frequencies } = await this.understand(look, meant, read);
    const scored = scoredLexemes(concepts, passages, frequencies);
    const places = index.best(scored, CANDIDATES);
    await this.reader.readPassages(trx, query, { index, places, within });
    // What the corpus does not hold, no passage has to be looked through for.
    const held = concepts.map((concept) => ({
      ...concept,
      forms: concept.forms.filter(({ lexeme }) => frequencies.has(lexeme)),
    }));
    return { concepts: held, candidates: index.candidatesAt(places, scored.lexemes), passages };
  }

  /** Reads the question in the languages of the corpus; once more where they are not those of its last question. */
  private async read(look: Look): Promise<ReadQuestion> {
    const { trx, query, within } = look;
    const expected = this.reader.languagesOf(query);
    let reading = readIn(query, expected);
    const index = await this.reader.open(trx, query, { asked: reading.words, within });
    if (index.languages.join() !== expected.join()) reading = readIn(query, index.languages);
    const lexicon = await this.reader.lexiconOf(trx, query, { index, asked: reading.words, within });
    return { ...reading, index, lexicon };
  }

  /** Weighs the concepts by the corpus, corrects the spelling of words it does not know, and finds compounds. */
  private async understand(
    look: Look,
    concepts: readonly Concept[],
    { index, lexicon }: ReadQuestion,
  ): Promise<{ concepts: Concept[]; frequencies: ReadonlyMap<string, number> }> {
    const { trx, query, within } = look;
    const weighed = weighConcepts(concepts, index.size.passages, lexicon.frequencies);
    const added: { concept: Concept; word: string; weight: number }[] = [];
    for (const concept of weighed.filter(isCorrectable)) {
      const beginning = [...concept.word][0] ?? '';
      const known = await this.reader.wordsFrom(trx, query, { index, beginning, within });
      const word = correctionOf(concept.word, known.ofAbout(concept.word.length, MOST_EDITS));
      if (word !== null) added.push({ concept, word, weight: weights.spelling });
    }
    added.push(...(await this.compoundsOf(look, weighed, index)));
    if (added.length === 0) {
      return { concepts: weighed, frequencies: lexicon.frequencies };
    }
    const asked = { words: added.map(({ word }) => word), exact: [] };
    const words = await this.reader.lexiconOf(trx, query, { index, asked, within });
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
      frequencies: new Map([...lexicon.frequencies, ...words.frequencies]),
    };
  }

  /** Compounds that hold a word of the question, and parts of its compounds, in languages that write them as one word. */
  private async compoundsOf(
    { trx, query, within }: Look,
    concepts: readonly Concept[],
    index: CorpusIndex,
  ): Promise<{ concept: Concept; word: string; weight: number }[]> {
    if (!index.languages.some((language) => compounding.has(language))) return [];
    const compound = concepts.filter(isPartOfCompounds);
    if (compound.length === 0) return [];
    const known = await this.reader.wordsFrom(trx, query, { index, beginning: '', within });
    return compound.flatMap((concept) =>
      known.compoundsOf(concept.word).map((word) => ({ concept, word, weight: weights.compound })),
    );
  }
}

/** A question on its way, and the transaction that it reads in. */
interface Look {
  trx: KnowledgeTrx;
  query: SearchQuery;
  within: Consistency;
}

/** A question as it is read, with what the corpus says of its words. */
interface ReadQuestion {
  asked: QuestionWords;
  vocabulary: QuestionVocabulary;
  index: CorpusIndex;
  lexicon: Lexicon;
}

/** How often a question is begun anew because the corpus changed meanwhile. */
const ATTEMPTS = 5;

function readIn(
  query: SearchQuery,
  languages: CorpusIndex['languages'],
): { asked: QuestionWords; vocabulary: QuestionVocabulary; words: AskedWords } {
  const vocabulary = new QuestionVocabulary(query.query, languages);
  const asked = readQuestion(query.query, query.turns ?? [], vocabulary);
  const words = lookedUp([...asked.own, ...asked.turns.flatMap((turn) => turn.words)]);
  return { asked, vocabulary, words };
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
  const documents = [...Map.groupBy(passages, ({ passage }) => passage.documentId).values()].slice(
    0,
    CITED_DOCUMENTS,
  );
  return documents.flatMap((group) => {
    const quotes = group.slice(0, QUOTABLE_PASSAGES).flatMap((passage) => {
      const quote = bestQuote(question, concepts, passage.passage);
      const share = passage.score / Math.max(group[0]?.score ?? 0, 1e-9);
      return quote ? [{ passage, quote: quote.text, above: quote.above, worth: quote.score * share }] : [];
    });
    const [best] = quotes.sort((one, other) => other.worth - one.worth);
    return best ? [best] : [];
  });
}

function toCitation({ passage: { passage }, quote }: Quoted): Citation {
  const { documentId, title, passageId, url } = passage;
  return { documentId, title, passageId, quote, url };
}

function toHit({ passage, score }: RankedPassage): SearchHit {
  const { documentId, title, passageId, headingPath, text, url } = passage;
  return {
    documentId,
    title,
    passageId,
    headingPath,
    text,
    score: Math.round(score * 1000) / 1000,
    url,
  };
}
