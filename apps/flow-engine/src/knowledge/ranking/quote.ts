import { legacyWords } from './legacy.ts';
import { memoized } from './memo.ts';
import { headingSize, parseLexemes, placesOf } from './terms.ts';
import { placesAndNames } from './tokens.ts';
import type { Concept, Passage } from './types.ts';
import { createDefinitionTest } from './wording.ts';

/** A part of a passage, word for word. */
export interface Quote {
  text: string;
  /** Caption and header of the table that it is from; empty for other text. */
  above: string;
  score: number;
}

export interface Sentence {
  start: number;
  end: number;
  lexemes: ReadonlySet<string>;
  /** What stands above it and is no sentence: the caption and header of its table. */
  above: string;
  aboveLexemes: ReadonlySet<string>;
}

const MAX_SENTENCES = 3;
const MAX_LENGTH = 700;
/** What the next sentence is worth even where it repeats no word of the question: it tends to explain the one before. */
const ELABORATION = 0.25;
/** A word that stands in the heading above a sentence is spoken of there, though the sentence may not repeat it. */
const UNDER_HEADING = 0.5;
/** What a word is worth that another of the sentences has already. */
const REPEATED = 0.15;
/** What the sentence is worth that defines what the question asks for. */
const DEFINITION = 4;
/** Beginnings that hang on what came before. */
const hangs =
  /^(\p{Ll}[\p{Ll} ]|(However|But|And|Also|Thus|Therefore|Then|In addition|Additionally|Moreover|This|These|That|Those|It|They|If so|Otherwise|For example|In this case)\b)/u;

/** What a good answer to such a question looks like. */
const answerShapes: { asked: RegExp; shape: RegExp; worth: number }[] = [
  {
    asked:
      /\b(how (many|much|long|large|big|often|high|fast)|which port|what (port|size|number)|maximum|minimum)\b/i,
    shape: /\d/,
    worth: 1,
  },
  {
    asked: /^\s*(and )?(how (do|can|to|should|would)|where do|what command)\b/i,
    shape:
      /\b(use|using|run|set|specify|create|call|command|option|function|add|click|choose|select|enter|open)\b/i,
    worth: 0.5,
  },
  {
    asked: /\bwhy\b/i,
    shape: /\b(because|since|therefore|so that|due to|reason|hence|caused?)\b/i,
    worth: 0.7,
  },
  {
    asked: /^\s*(when|what time|how soon)\b/i,
    shape: /\b(\d|when|after|before|until|day|hour|minute|second)\b/i,
    worth: 0.4,
  },
  { asked: /^\s*what (is|are|does)\b/i, shape: /\b(is|are|means|refers to|defines?|—)\b/i, worth: 0.4 },
  {
    asked:
      /\b(wie (viel|viele|lange|hoch|groß|weit|schwer|oft|teuer)|wann|was kostet|combien|quand|à quelle heure|cu[áa]nt[oa]s?|cu[áa]ndo|a qué hora|quanto|quando|сколько|когда)(?!\p{L})|कितन|कब|कीमत|كم|متى|いくら|何[時分日人個回円]|いつ|どのくらい|どれくらい|多少|几点|多久|얼마|언제|몇/iu,
    shape: /\p{N}/u,
    worth: 0.6,
  },
  { asked: /\bdefault\b/i, shape: /\bdefault\b/i, worth: 0.6 },
];

/** Places of the passage's sentences in its text. */
export function sentenceSpans(passage: { sentences: readonly number[] }): [start: number, end: number][] {
  const spans: [number, number][] = [];
  for (let index = 0; index + 1 < passage.sentences.length; index += 2) {
    spans.push([passage.sentences[index] ?? 0, passage.sentences[index + 1] ?? 0]);
  }
  return spans;
}

/**
 * The sentences of a passage with their lexemes. The passage's tsvector knows the place of each word, so that nothing
 * has to be stemmed again.
 */
export const sentencesOf = memoized((passage: Passage): Sentence[] => {
  const places = parseLexemes(passage.lexemes);
  const byPlace: string[][] = [];
  for (const [lexeme, at] of places) {
    for (const place of at) {
      (byPlace[place] ??= []).push(lexeme);
    }
  }
  let next = headingSize(passage.lexemes).lastPlace + 1;
  const read = (text: string): Set<string> => {
    const first = next;
    const { places: count, names } = placesAndNames(text);
    next += passage.segmenterVersion === 0 ? legacyWords(text).length : count;
    return new Set([...byPlace.slice(first, next).flatMap((found) => found ?? []), ...names]);
  };
  let readTo = 0;
  let [above, aboveLexemes] = ['', new Set<string>()];
  return sentenceSpans(passage).map(([start, end]) => {
    const between = passage.text.slice(readTo, start).trim();
    readTo = end;
    if (between !== '') [above, aboveLexemes] = [between, read(between)];
    return { start, end, lexemes: read(passage.text.slice(start, end)), above, aboveLexemes };
  });
});

/** Lexemes of the question that the passage's headings hold. */
function headingForms(concepts: readonly Concept[], vector: string): Set<string> {
  const forms = concepts.flatMap((concept) => concept.forms.map((form) => form.lexeme));
  return new Set(forms.filter((lexeme) => placesOf(vector, lexeme)?.inHeading === true));
}

function matchWeight({ forms }: Concept, lexemes: ReadonlySet<string>): number {
  let weight = 0;
  for (const form of forms) if (form.weight > weight && lexemes.has(form.lexeme)) weight = form.weight;
  return weight;
}

/** A concept of the question with its worth, and what each sentence of a passage holds of it. */
interface ConceptMatches {
  worth: number;
  /** What the headings hold of it. */
  inHeadings: number;
  bySentence: number[];
}

/** Sentences of a passage that follow one another. */
interface SentenceWindow {
  text: string;
  first: number;
  count: number;
  /** Whether they are rows of a table. */
  isTable: boolean;
}

/** Scores the sentences of a passage. */
class QuoteScorer {
  private readonly shapes: typeof answerShapes;
  private readonly unit: number;
  private readonly isDefinition: (sentence: string) => boolean;

  constructor(question: string, concepts: readonly Concept[]) {
    this.shapes = answerShapes.filter(({ asked }) => asked.test(question));
    this.isDefinition = createDefinitionTest(question);
    this.unit = Math.max(1, ...concepts.map((concept) => concept.weight * concept.idf));
  }

  score(matches: readonly ConceptMatches[], { text, first, count, isTable }: SentenceWindow): number {
    const { unit } = this;
    let total = 0;
    for (const { worth, inHeadings, bySentence } of matches) {
      let best = 0;
      let sum = 0;
      for (let index = first; index < first + count; index += 1) {
        const weight = bySentence[index] ?? 0;
        sum += weight;
        best = Math.max(best, weight);
      }
      total += worth * (Math.max(best, UNDER_HEADING * inHeadings) + REPEATED * (sum - best));
    }
    for (const { shape, worth } of this.shapes) total += shape.test(text) ? unit * worth * 0.5 : 0;
    total += this.isDefinition(text) ? unit * DEFINITION : 0;
    // The next row of a table explains nothing.
    total += isTable ? 0 : unit * ELABORATION * (count - 1);
    total -= hangs.test(text) ? unit * 0.5 : 0;
    total -= text.endsWith(':') ? unit * 0.3 : 0;
    total += unit * 0.15 * Math.max(0, 2 - first);
    return total / (1 + Math.max(0, text.length - 300) / 1500);
  }
}

/** What speaks for a sentence without being in it: the headings, and what stands above it. */
function speakingFor({ above, aboveLexemes }: Sentence, headings: ReadonlySet<string>): ReadonlySet<string> {
  return above === '' ? headings : new Set([...headings, ...aboveLexemes]);
}

/** The best one to three sentences of a passage that follow one another, quoted word for word. */
export function bestQuote(question: string, concepts: readonly Concept[], passage: Passage): Quote | null {
  const headings = headingForms(concepts, passage.lexemes);
  const sentences = sentencesOf(passage);
  const scorer = new QuoteScorer(question, concepts);
  const inSentences = concepts.map((concept) =>
    sentences.map(({ lexemes }) => matchWeight(concept, lexemes)),
  );
  let best: Quote | null = null;
  for (const [first, sentence] of sentences.entries()) {
    const speaking = speakingFor(sentence, headings);
    const matches = concepts.map((concept, index) => ({
      worth: concept.weight * concept.idf,
      inHeadings: matchWeight(concept, speaking),
      bySentence: inSentences[index] ?? [],
    }));
    const isTable = sentence.above !== '';
    for (let count = 1; count <= MAX_SENTENCES && first + count <= sentences.length; count += 1) {
      const text = passage.text.slice(sentence.start, sentences[first + count - 1]?.end ?? 0);
      if (count > 1 && text.length > MAX_LENGTH) {
        break;
      }
      const worth = scorer.score(matches, { text, first, count, isTable });
      best = best === null || worth > best.score ? { text, above: sentence.above, score: worth } : best;
    }
  }
  return best;
}
