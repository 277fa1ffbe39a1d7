import {
  leadIns,
  letterAbbreviations,
  looseAbbreviations,
  numberAbbreviations,
  ordinalLeads,
  ordinalNouns,
  sentenceStarters,
} from './abbreviations.ts';

/** A text as far as it is known. */
export interface KnownText {
  readonly text: string;
  /** Whether the text ends here; otherwise more may follow. */
  readonly isComplete: boolean;
}

/** The end of a sentence, or the index at which the search stopped. */
export type EndSearch =
  | { readonly kind: 'end'; readonly index: number }
  /** More text is needed to decide about the mark at `resumeAt`. */
  | { readonly kind: 'undecided'; readonly resumeAt: number }
  | { readonly kind: 'none'; readonly resumeAt: number };

/** What follows a mark: the index at which the next sentence would begin, or that none begins there. */
type Verdict = { readonly end: number } | { readonly skipTo: number } | 'undecided';

/** Units read before a mark to find an abbreviation. */
export const LOOKBACK = 64;
/** Units after a mark within which its meaning is decided. */
export const LOOKAHEAD = 256;
const LONGEST_WORD = 24;
/** Thai and Lao write no marks: a space ends a sentence of this length. */
const UNMARKED_LENGTH = 80;

/** Units of the longest citation behind a mark: "[1, 2, 3]". */
const LONGEST_CITATION = 48;

const MARK =
  /[\p{Sentence_Terminal}…།༎;\u037e\n\u0085\u2028\u2029`]|(?<=[\p{Script=Thai}\p{Script=Lao}])[ \u00a0]/gu;
const TERMINATORS = /[\p{Sentence_Terminal}…།༎\u037e]+/uy;
const CLOSERS =
  /(?:\p{Pe}|\p{Pf}|["'*_~“‘«²³¹⁰-⁹\ufe0f\u200d]|\[\^?\d{1,4}(?:\s?[,–-]\s?\d{1,4}){0,5}\]|\p{Extended_Pictographic}|\p{EMod}|\p{RI})*/uy;
const WIDE_CLOSERS = /(?:\p{Pe}|\p{Pf}|["'*_~]|\[\^?\d{1,4}\])*/uy;
const UNMARKED_WIDE_CLOSERS = /(?:\p{Pe}|\p{Pf}|["']|\[\^?\d{1,4}\])*/uy;
/** A bracket of which it is not known yet whether it is a citation. */
const OPEN_CITATION = /^\[[\^\d,\s–-]*$/;
const SPACE = /\s*/y;
const LINE_END = /[\n\u0085\u2028\u2029]/;
const OPENERS = /(?:["'*_~`¿¡\p{Ps}\p{Pi}„‚»]|[-–—•]\s+)*/uy;
const CONTINUING = /^[,;:.!?)\]}%&+=/、，]/u;
/** Georgian letters count as small, but the language has no capitals in use. */
const SMALL = /^(?!\p{Script=Georgian})\p{Ll}/u;
/** Names that keep their small letter at the start: `pg_dump`, `libpq.so`, `npm-run`, iPhone. */
const SMALL_NAME = /^(?:[\p{Ll}\d]{1,20}[_./-][\p{L}\d]|\p{Ll}\p{Lu})/u;
const IDEOGRAPH = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/** A Japanese sentence goes on with it after a quotation: 「はい。」と言った */
const PARTICLE = /^(?:[とをがの]|って|は(?!い))/;
const LIST_MARK = /^[\s>#*\-•]*(?:\d{1,3}|\p{L}|[ivx]{1,4})$/u;
const NUMBER_AHEAD = /^[+(#§№]{0,2}\s?\p{Nd}/u;
const LETTER_AHEAD = /^(?:[IVXLC]{1,8}|\p{Lu})(?![\p{L}\p{M}])/u;
const WORD_AHEAD = /^[\p{L}\p{M}\p{N}'’]*/u;
const TOKEN = /[^\s()[\]{}"“”„«»‘*_~`<>,;:]+$/u;
const SPACED_TOKEN = /(?<![\p{L}\p{M}\p{N}])(?:[\p{L}\p{M}]{1,4}\.\s?)+[\p{L}\p{M}]{1,5}$/u;
const WORD_BEFORE_NUMBER = /([\p{L}\p{M}]+)\s+\d{1,2}$/u;
const LIST_MARK_BEHIND_COLON = /[:;]\s+\d{1,2}$/;
/** "J", "U.S", "Ph.D": not a word of a script that writes one letter as a word. */
const INITIALS =
  /^(?!\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul})(?:\p{L}\p{M}*\.)*\p{L}\p{M}*$/u;
/** "Hauptstr.", "Marktpl." */
const STREET = /^\p{L}{3,}(?:str|pl)$/u;
const TICKS = /`+/y;

/**
 * Finds the end of the sentence that begins at `start`. The space behind a sentence belongs to it.
 * The answer depends on the text alone, not on how much of it is known: what cannot be decided yet is `undecided`.
 * @param from where to search on; at least `start`
 */
export function findSentenceEnd(known: KnownText, start: number, from: number): EndSearch {
  const { text } = known;
  MARK.lastIndex = from;
  for (let mark = MARK.exec(text); mark; mark = MARK.exec(text)) {
    const at = mark.index;
    const verdict = judge(known, start, at);
    if (verdict === 'undecided') return { kind: 'undecided', resumeAt: at };
    if ('end' in verdict) return { kind: 'end', index: verdict.end };
    MARK.lastIndex = Math.max(verdict.skipTo, at + 1);
  }
  return { kind: 'none', resumeAt: text.length };
}

function judge(known: KnownText, start: number, at: number): Verdict {
  const { text } = known;
  const mark = text.charAt(at);
  if (LINE_END.test(mark)) return endAfterSpace(known, at + 1);
  if (mark === '`') return skipCode(known, at);
  if (/\s/.test(mark)) return judgeUnmarkedSpace(known, start, at);
  if (mark === ';' && !/\p{Script=Greek}$/u.test(text.slice(Math.max(0, at - 1), at)))
    return { skipTo: at + 1 };
  return judgeTerminator(known, start, at);
}

interface Place {
  /** The start of the sentence, the mark in it, and the first character behind mark, closing marks and space. */
  readonly start: number;
  readonly at: number;
  readonly next: number;
  readonly marks: string;
  readonly closers: string;
}

function judgeTerminator(known: KnownText, start: number, at: number): Verdict {
  const { text, isComplete } = known;
  const marksEnd = text.charAt(at) === ';' ? at + 1 : matchEnd(TERMINATORS, text, at);
  const marks = text.slice(at, marksEnd);
  const isWide = /[^\u0000-\u00ff…]/u.test(marks);
  const closed = closersEnd(known, { start, at, marksEnd, isWide });
  if (!isComplete && (closed >= text.length || mayBeCitation(text, closed))) return 'undecided';
  const next = matchEnd(SPACE, text, closed);
  if (next >= text.length) return isComplete ? { end: text.length } : 'undecided';
  if (LINE_END.test(text.slice(closed, next))) return { end: next };
  const place = { start, at, next, marks, closers: text.slice(marksEnd, closed) };
  if (next === closed) return judgeUnspaced(known, place, isWide);
  if (isWide) return CONTINUING.test(text.slice(next, next + 1)) ? { skipTo: next } : { end: next };
  return judgeSpaced(known, place);
}

/**
 * Where the marks behind the end of a sentence end. A mark of emphasis belongs to the next sentence where none is open and
 * no space is written between sentences.
 */
function closersEnd(
  { text }: KnownText,
  { start, at, marksEnd, isWide }: { start: number; at: number; marksEnd: number; isWide: boolean },
): number {
  if (!isWide) return matchEnd(CLOSERS, text, marksEnd);
  const before = text.slice(Math.max(start, at - LOOKBACK), at);
  const isOpen = (before.match(/[*_~]+/g)?.length ?? 0) % 2 === 1;
  return matchEnd(isOpen ? WIDE_CLOSERS : UNMARKED_WIDE_CLOSERS, text, marksEnd);
}

function mayBeCitation(text: string, at: number): boolean {
  return text.length < at + LONGEST_CITATION && OPEN_CITATION.test(text.slice(at));
}

/** A mark with no space behind it ends a sentence in scripts that write none. */
function judgeUnspaced(known: KnownText, place: Place, isWide: boolean): Verdict {
  const { text } = known;
  const { at, marks, next } = place;
  if (isWide) return judgeUnspacedWide(known, place);
  const isIdeographic =
    IDEOGRAPH.test(text.slice(next, next + 2)) && IDEOGRAPH.test(text.slice(Math.max(0, at - 1), at));
  return isIdeographic && !marks.includes('…') ? { end: next } : { skipTo: next };
}

function judgeUnspacedWide({ text, isComplete }: KnownText, { marks, closers, next }: Place): Verdict {
  const goesOn = { skipTo: next };
  const ahead = text.slice(next, next + 2);
  if (closers !== '' && !isComplete && /^[はっ]$/.test(ahead)) return 'undecided';
  if (closers !== '' && PARTICLE.test(ahead)) return goesOn;
  if (marks === '．' && /^\p{Nd}/u.test(ahead)) return goesOn;
  return CONTINUING.test(ahead) ? goesOn : { end: next };
}

/** What follows a mark and space. */
interface Ahead {
  readonly text: string;
  /** Whether more may follow of what matters. */
  readonly isShort: boolean;
  readonly isSmall: boolean;
}

function judgeSpaced(known: KnownText, place: Place): Verdict {
  const { text, isComplete } = known;
  const { marks, next } = place;
  const first = matchEnd(OPENERS, text, next);
  if (first >= text.length) return isComplete ? { end: next } : 'undecided';
  const following = text.slice(first, next + LOOKAHEAD);
  const isShort = !isComplete && text.length < next + LOOKAHEAD;
  if (isShort && /^[-–—•]$/.test(following)) return 'undecided';
  if (first === next && CONTINUING.test(following)) return { skipTo: next };
  const ahead = { text: following, isShort, isSmall: SMALL.test(following) };
  return /^[.…]+$/.test(marks) ? judgePoints(known, place, ahead) : judgeStrong(place, ahead);
}

/** A question or exclamation mark, or the Greek question mark. */
function judgeStrong({ marks, closers, next }: Place, ahead: Ahead): Verdict {
  const goesOn = marks === ';' ? !/^\p{Lu}/u.test(ahead.text) : closers !== '' && ahead.isSmall;
  return goesOn ? { skipTo: next } : { end: next };
}

/** A full stop or an ellipsis. */
function judgePoints(known: KnownText, place: Place, ahead: Ahead): Verdict {
  const { marks, closers, next } = place;
  const goesOn = { skipTo: next };
  if (ahead.isSmall && !SMALL_NAME.test(ahead.text))
    return ahead.isShort && mayBeName(ahead.text) ? 'undecided' : goesOn;
  if (marks !== '.') return /^\p{Nd}/u.test(ahead.text) ? goesOn : { end: next };
  return /^[*_~]*$/.test(closers) ? judgeFullStop(known, place, ahead) : { end: next };
}

function mayBeName(ahead: string): boolean {
  return ahead.length < LONGEST_WORD && /^[\p{L}\p{N}_./-]*$/u.test(ahead);
}

function judgeFullStop({ text }: KnownText, { start, at, next }: Place, ahead: Ahead): Verdict {
  const before = text.slice(Math.max(start, at - LOOKBACK), at);
  const isWhole = at - start <= LOOKBACK;
  const isListMark = (isWhole && LIST_MARK.test(before)) || LIST_MARK_BEHIND_COLON.test(before);
  const kind = isListMark ? 'lead-in' : kindOfWordBefore(before);
  if (kind === 'lead-in') return { skipTo: next };
  if (kind === 'word') return { end: next };
  const word = WORD_AHEAD.exec(ahead.text)?.[0] ?? '';
  if (ahead.isShort && mayGrow(word, ahead.text)) return 'undecided';
  return goesOnBehind[kind](before, ahead.text, word.toLowerCase()) ? { skipTo: next } : { end: next };
}

/** Whether what follows may turn out to be another word or number. */
function mayGrow(word: string, ahead: string): boolean {
  const isWordOpen = word.length === ahead.length && word.length < LONGEST_WORD;
  return isWordOpen || (ahead.length < 4 && /^[+(#§№\s]*$/u.test(ahead));
}

type WordKind = 'word' | 'lead-in' | Abbreviation;
type Abbreviation = 'loose' | 'ordinal' | 'number' | 'number or letter';

/** Whether a sentence goes on behind an abbreviation that may also end it. */
const goesOnBehind: Record<Abbreviation, (before: string, ahead: string, word: string) => boolean> = {
  loose: (_before, _ahead, word) => !sentenceStarters.has(word),
  ordinal: isOrdinal,
  number: (_before, ahead) => NUMBER_AHEAD.test(ahead),
  'number or letter': (_before, ahead) => NUMBER_AHEAD.test(ahead) || LETTER_AHEAD.test(ahead),
};

/** What the word before a full stop says about it: the kind of abbreviation, or an ordinary word. */
function kindOfWordBefore(before: string): WordKind {
  const spaced = SPACED_TOKEN.exec(before)?.[0].replace(/\s/g, '').toLowerCase() ?? '';
  if (leadIns.has(spaced)) return 'lead-in';
  if (looseAbbreviations.has(spaced)) return 'loose';
  // "l'U.E.", "Haupt-Str.", "Mon.–Fri."
  const token = TOKEN.exec(before)?.[0].replace(/^(?:\p{L}*['’]|\p{L}{2,}\.?[-–])/u, '') ?? '';
  return kindOfWord(token, token.toLowerCase());
}

function kindOfWord(token: string, word: string): WordKind {
  if (/^\d{1,2}$/.test(token)) return 'ordinal';
  if (leadIns.has(word)) return 'lead-in';
  if (letterAbbreviations.has(word)) return 'number or letter';
  if (looseAbbreviations.has(word) || INITIALS.test(token) || STREET.test(word)) return 'loose';
  return numberAbbreviations.has(word) ? 'number' : 'word';
}

/** "am 3. Oktober", "der 2. Weltkrieg", "24. 12. 2026". */
function isOrdinal(before: string, ahead: string, word: string): boolean {
  if (/^(?:\d{1,2}\.|(?:19|20)\d\d(?!\d))/.test(ahead) || ordinalNouns.has(word)) return true;
  const lead = WORD_BEFORE_NUMBER.exec(before)?.[1]?.toLowerCase();
  return lead !== undefined && ordinalLeads.has(lead) && !sentenceStarters.has(word);
}

function judgeUnmarkedSpace({ text, isComplete }: KnownText, start: number, at: number): Verdict {
  const next = matchEnd(SPACE, text, at);
  if (next >= text.length) return isComplete ? { skipTo: next } : 'undecided';
  if (LINE_END.test(text.slice(at, next))) return { end: next };
  const isLong = at - start >= UNMARKED_LENGTH && !/[ๆฯໆ]/.test(text.charAt(at - 1));
  return isLong && /[\p{Script=Thai}\p{Script=Lao}]/u.test(text.charAt(next))
    ? { end: next }
    : { skipTo: next };
}

/** Code between marks on one line holds no end of a sentence. */
function skipCode({ text, isComplete }: KnownText, at: number): Verdict {
  const opened = matchEnd(TICKS, text, at);
  if (!isComplete && opened >= text.length) return 'undecided';
  const line = /^[^\n]*/.exec(text.slice(opened, opened + LOOKAHEAD))?.[0] ?? '';
  for (const { 0: found, index } of line.matchAll(/`+/g)) {
    const end = opened + index + found.length;
    if (!isComplete && end >= text.length) return 'undecided';
    if (found.length === opened - at) return { skipTo: end };
  }
  const mayClose = opened + line.length >= text.length && line.length < LOOKAHEAD;
  return mayClose && !isComplete ? 'undecided' : { skipTo: opened };
}

function endAfterSpace({ text, isComplete }: KnownText, from: number): Verdict {
  const next = matchEnd(SPACE, text, from);
  return next < text.length || isComplete ? { end: next } : 'undecided';
}

/** Where a sticky pattern that begins at `from` ends; `from` where it does not match. */
function matchEnd(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
