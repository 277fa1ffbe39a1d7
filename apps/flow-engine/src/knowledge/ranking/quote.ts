import type { RankedPassage } from './rerank.ts';
import { legacyWords } from './legacy.ts';
import { headingSize, parseLexemes, placesOf } from './terms.ts';
import { countPlaces, namesOf } from './tokens.ts';
import type { Concept } from './types.ts';
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
export function sentencesOf(passage: RankedPassage): Sentence[] {
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
    next += passage.segmenterVersion === 0 ? legacyWords(text).length : countPlaces(text);
    return new Set([...byPlace.slice(first, next).flatMap((found) => found ?? []), ...namesOf(text)]);
  };
  let readTo = 0;
  let [above, aboveLexemes] = ['', new Set<string>()];
  return sentenceSpans(passage).map(([start, end]) => {
    const between = passage.text.slice(readTo, start).trim();
    readTo = end;
    if (between !== '') [above, aboveLexemes] = [between, read(between)];
    return { start, end, lexemes: read(passage.text.slice(start, end)), above, aboveLexemes };
  });
}

/** Lexemes of the question that the passage's headings hold. */
function headingForms(concepts: readonly Concept[], vector: string): Set<string> {
  const forms = concepts.flatMap((concept) => concept.forms.map((form) => form.lexeme));
  return new Set(forms.filter((lexeme) => placesOf(vector, lexeme)?.inHeading === true));
}

function matchWeight(concept: Concept, lexemes: ReadonlySet<string>): number {
  return Math.max(0, ...concept.forms.filter((form) => lexemes.has(form.lexeme)).map((form) => form.weight));
}

function score(
  question: string,
  concepts: readonly Concept[],
  window: {
    text: string;
    sentences: Sentence[];
    first: number;
    headings: ReadonlySet<string>;
    isDefinition: boolean;
  },
): number {
  let total = 0;
  for (const concept of concepts) {
    const matches = window.sentences
      .map((sentence) => matchWeight(concept, sentence.lexemes))
      .sort((a, b) => b - a);
    const repeated = matches.slice(1).reduce((sum, weight) => sum + weight, 0);
    const best = Math.max(matches[0] ?? 0, UNDER_HEADING * matchWeight(concept, window.headings));
    total += concept.weight * concept.idf * (best + 0.15 * repeated);
  }
  const unit = Math.max(1, ...concepts.map((concept) => concept.weight * concept.idf));
  for (const { asked, shape, worth } of answerShapes) {
    total += asked.test(question) && shape.test(window.text) ? unit * worth * 0.5 : 0;
  }
  total += window.isDefinition ? unit * DEFINITION : 0;
  // The next row of a table explains nothing.
  const isTable = window.sentences[0]?.above !== '';
  total += isTable ? 0 : unit * ELABORATION * (window.sentences.length - 1);
  total -= hangs.test(window.text) ? unit * 0.5 : 0;
  total -= /:$/.test(window.text) ? unit * 0.3 : 0;
  total += unit * 0.15 * Math.max(0, 2 - window.first);
  return total / (1 + Math.max(0, window.text.length - 300) / 1500);
}

/** What stands above a sentence, and all lexemes that speak for it without being in it. */
function aboveOf(
  sentence: Sentence | undefined,
  headings: ReadonlySet<string>,
): { above: string; speaking: ReadonlySet<string> } {
  if (!sentence || sentence.above === '') return { above: '', speaking: headings };
  return { above: sentence.above, speaking: new Set([...headings, ...sentence.aboveLexemes]) };
}

/** The best one to three sentences of a passage that follow one another, quoted word for word. */
export function bestQuote(
  question: string,
  concepts: readonly Concept[],
  passage: RankedPassage,
): Quote | null {
  const headings = headingForms(concepts, passage.lexemes);
  const sentences = sentencesOf(passage);
  const isDefinition = createDefinitionTest(question);
  let best: Quote | null = null;
  for (let first = 0; first < sentences.length; first += 1) {
    const { above, speaking } = aboveOf(sentences[first], headings);
    for (let count = 1; count <= MAX_SENTENCES && first + count <= sentences.length; count += 1) {
      const used = sentences.slice(first, first + count);
      const text = passage.text.slice(used[0]?.start ?? 0, used.at(-1)?.end ?? 0);
      if (count > 1 && text.length > MAX_LENGTH) {
        break;
      }
      const worth = score(question, concepts, {
        ...{ text, sentences: used, first, headings: speaking },
        isDefinition: isDefinition(text),
      });
      best = best === null || worth > best.score ? { text, above, score: worth } : best;
    }
  }
  return best;
}
