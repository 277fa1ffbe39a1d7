/** How words of a script are found: at spaces, as pairs of characters, or by a dictionary. */
export type Writing = 'spaced' | 'ideographic' | 'unspaced' | 'neutral';

const ideographic =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\u30fc\u3005-\u3007]$/u;
const unspaced =
  /^[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Javanese}\p{Script=Balinese}]$/u;
const letter = /^\p{L}$/u;
const spacedScripts: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Latin', /^\p{Script=Latin}$/u],
  ['Greek', /^\p{Script=Greek}$/u],
  ['Cyrillic', /^\p{Script=Cyrillic}$/u],
  ['Arabic', /^\p{Script=Arabic}$/u],
  ['Hebrew', /^\p{Script=Hebrew}$/u],
  ['Devanagari', /^\p{Script=Devanagari}$/u],
  ['Bengali', /^\p{Script=Bengali}$/u],
  ['Gurmukhi', /^\p{Script=Gurmukhi}$/u],
  ['Gujarati', /^\p{Script=Gujarati}$/u],
  ['Oriya', /^\p{Script=Oriya}$/u],
  ['Tamil', /^\p{Script=Tamil}$/u],
  ['Telugu', /^\p{Script=Telugu}$/u],
  ['Kannada', /^\p{Script=Kannada}$/u],
  ['Malayalam', /^\p{Script=Malayalam}$/u],
  ['Sinhala', /^\p{Script=Sinhala}$/u],
  ['Armenian', /^\p{Script=Armenian}$/u],
  ['Georgian', /^\p{Script=Georgian}$/u],
  ['Ethiopic', /^\p{Script=Ethiopic}$/u],
];

interface CharacterScript {
  writing: Writing;
  script: string;
}

const neutral: CharacterScript = { writing: 'neutral', script: '' };
const latin: CharacterScript = { writing: 'spaced', script: 'Latin' };
const known = new Map<string, CharacterScript>();

/** A part of a word in one script. */
export interface ScriptPiece {
  writing: Exclude<Writing, 'neutral'>;
  text: string;
}

/** A word in parts of one script each: `iPhone手机` is two. Digits go with the letters of spaced scripts beside them. */
export function scriptPieces(word: string): ScriptPiece[] {
  const pieces: ScriptPiece[] = [];
  let start = 0;
  let at = 0;
  let current = neutral;
  const close = (): void => {
    if (at > start)
      pieces.push({
        writing: current.writing === 'neutral' ? 'spaced' : current.writing,
        text: word.slice(start, at),
      });
    start = at;
  };
  for (const character of word) {
    const next = scriptOf(character);
    const isDigit = next.writing === 'neutral' && !/^\p{M}$/u.test(character);
    if (next.writing === 'neutral') {
      if (isDigit && (current.writing === 'ideographic' || current.writing === 'unspaced')) {
        close();
        current = neutral;
      }
    } else if (current.writing === 'neutral' && next.writing === 'spaced') {
      current = next;
    } else if (next.script !== current.script) {
      close();
      current = next;
    }
    at += character.length;
  }
  close();
  return pieces;
}

/** Whether a character is of a script without spaces between words. */
export function isWrittenUnspaced(character: string): boolean {
  const { writing } = scriptOf(character);
  return writing === 'ideographic' || writing === 'unspaced';
}

function scriptOf(character: string): CharacterScript {
  if (character <= '\u007f') return /[a-z]/i.test(character) ? latin : neutral;
  let found = known.get(character);
  if (!found) {
    found = lookUp(character);
    known.set(character, found);
  }
  return found;
}

function lookUp(character: string): CharacterScript {
  if (ideographic.test(character)) return { writing: 'ideographic', script: 'ideographic' };
  if (unspaced.test(character)) return { writing: 'unspaced', script: 'unspaced' };
  if (!letter.test(character)) return neutral;
  const [script] = spacedScripts.find(([, pattern]) => pattern.test(character)) ?? ['other'];
  return { writing: 'spaced', script };
}
