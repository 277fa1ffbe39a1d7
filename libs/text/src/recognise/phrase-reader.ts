import type { Language } from '../languages.ts';
import { comparable } from './words.ts';

/** Wordings of one meaning; the first ones are the usual ones. */
export type Wordings<Kind extends string> = Readonly<Record<Kind, readonly string[]>>;

/** A part of a message that is a known wording. */
export interface ReadPhrase<Kind extends string> {
  kind: Kind;
  /** Languages in which it is said so. */
  languages: readonly Language[];
  /** Whether it was written without a typing mistake. */
  exact: boolean;
  /** Words, counted from 0; `to` is the first one after it. */
  from: number;
  to: number;
}

interface Known<Kind extends string> {
  kind: Kind;
  languages: Language[];
}

/** Letters from which on a wording is recognised with one mistake, and with two. */
const ONE_MISTAKE = 5;
const TWO_MISTAKES = 12;
const MOST_MISTAKES = 2;

/** Reads messages that consist of known wordings. */
export class PhraseReader<Kind extends string> {
  private readonly known = new Map<string, Known<Kind>>();
  private readonly byLength = new Map<number, { text: string; letters: number }[]>();
  private readonly longest: number;

  constructor(wordings: Readonly<Record<Language, Wordings<Kind>>>) {
    for (const [language, kinds] of Object.entries(wordings) as [Language, Wordings<Kind>][])
      for (const [kind, texts] of Object.entries(kinds) as [Kind, readonly string[]][])
        for (const text of texts) this.learn(comparable(text), kind, language);
    for (const text of this.known.keys()) {
      const same = this.byLength.get(text.length) ?? [];
      this.byLength.set(text.length, [...same, { text, letters: lettersOf(text) }]);
    }
    this.longest = Math.max(...[...this.known.keys()].map((text) => text.split(' ').length));
  }

  /**
   * The wordings at the beginning of a message, the longest first at each place, up to the first word that belongs to none.
   * @param words comparable words
   * @param skipped words that count as none, such as the name of whom the message addresses
   */
  read(
    words: readonly string[],
    { typos = false, skipped = new Set<string>() }: { typos?: boolean; skipped?: ReadonlySet<string> } = {},
  ): { phrases: ReadPhrase<Kind>[]; end: number } {
    const phrases: ReadPhrase<Kind>[] = [];
    let at = 0;
    while (at < words.length) {
      const next = this.longestAt(words, at, typos);
      if (next) phrases.push(next);
      else if (!skipped.has(words[at] ?? '')) break;
      at = next?.to ?? at + 1;
    }
    return { phrases, end: at };
  }

  private learn(text: string, kind: Kind, language: Language): void {
    const entry = this.known.get(text) ?? { kind, languages: [] };
    if (entry.kind !== kind) throw new Error(`"${text}" means "${entry.kind}" and "${kind}".`);
    if (!entry.languages.includes(language)) entry.languages.push(language);
    this.known.set(text, entry);
  }

  private longestAt(words: readonly string[], from: number, typos: boolean): ReadPhrase<Kind> | null {
    for (let to = Math.min(words.length, from + this.longest); to > from; to -= 1) {
      const text = words.slice(from, to).join(' ');
      const exact = this.known.get(text);
      if (exact) return { ...exact, exact: true, from, to };
      const near = typos ? this.nearest(text) : undefined;
      if (near) return { ...near, exact: false, from, to };
    }
    return null;
  }

  private nearest(text: string): Known<Kind> | undefined {
    if (text.length < ONE_MISTAKE - 1) return undefined;
    const letters = lettersOf(text);
    for (let length = text.length - MOST_MISTAKES; length <= text.length + MOST_MISTAKES; length += 1)
      for (const one of this.byLength.get(length) ?? []) {
        const allowed = length >= TWO_MISTAKES ? MOST_MISTAKES : length >= ONE_MISTAKE ? 1 : 0;
        // A mistake changes at most two kinds of letters: most wordings are told apart by that alone.
        if (allowed === 0 || bitsIn(letters ^ one.letters) > 2 * allowed) continue;
        if (differsBy(text, one.text, allowed)) return this.known.get(one.text);
      }
    return undefined;
  }
}

/** Which letters a text has, as bits; several letters share one. */
function lettersOf(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at += 1) bits |= 1 << (text.charCodeAt(at) & 31);
  return bits;
}

function bitsIn(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** Whether two texts differ by at most so many typing mistakes: a letter too many, missing, wrong, or two swapped. */
function differsBy(one: string, other: string, allowed: number): boolean {
  if (Math.abs(one.length - other.length) > allowed) return false;
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = nextRow(one, other, { at, row, before });
    if (Math.min(...next) > allowed) return false;
    [before, row] = [row, next];
  }
  return (row.at(-1) ?? Number.POSITIVE_INFINITY) <= allowed;
}

/** Mistakes between the first `at` letters of one text and each beginning of the other (optimal string alignment). */
function nextRow(
  one: string,
  other: string,
  { at, row, before }: { at: number; row: readonly number[]; before: readonly number[] },
): number[] {
  const next = [at];
  for (let to = 1; to <= other.length; to += 1) {
    const changed = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
    const isSwapped = one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
    const swapped = isSwapped ? (before[to - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
    next.push(Math.min((row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1, changed, swapped));
  }
  return next;
}
