/** Marks of Hebrew and Arabic that readers leave out: points, cantillation, harakat, Koranic annotation, tatweel. */
const optionalMarks =
  /[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]/gu;

/** Letters of Arabic, Persian and Urdu that are written for one another (as in Lucene's ArabicNormalizer and PersianNormalizer). */
const arabicForms: Readonly<Record<string, string>> = {
  أ: 'ا',
  إ: 'ا',
  آ: 'ا',
  ٱ: 'ا',
  ؤ: 'و',
  ئ: 'ي',
  ى: 'ي',
  ی: 'ي',
  ے: 'ي',
  ک: 'ك',
  ة: 'ه',
  ۀ: 'ه',
  ہ: 'ه',
  ھ: 'ه',
  ە: 'ه',
  ۂ: 'ه',
  ۃ: 'ه',
};
const arabicForm = /[أإآٱؤئىیےکةۀہھەۂۃ]/gu;

/** Latin letters that Unicode does not decompose, and the letters they are typed as. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ð: 'd',
  đ: 'd',
  ł: 'l',
  ħ: 'h',
  ŋ: 'n',
  ŧ: 't',
  ı: 'i',
  ĸ: 'k',
  ς: 'σ',
};
const plainLetter = /[ßøæœþðđłħŋŧıĸς]/gu;

/** How German, Danish, Norwegian and Swedish letters are spelled without their keys. */
const spelledLetters: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };
const spelledLetter = /[äöüåø]/gu;

const markedLetter = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu;
const ascii = /^[\t\n\r -~]*$/;

/** Format characters that no reader sees: soft hyphens, zero-width spaces, byte order marks, embeddings, tags, controls. */
const invisible =
  /[\0-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u180e\u200b-\u200d\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]+/gu;
const joiner = /^[\u200c\u200d]$/u;
/** Scripts whose letters change their shape beside a joiner, and emoji, which it joins. */
const shapedBefore =
  /(?:[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Extended_Pictographic}\p{Emoji_Modifier}]|\ufe0f)$/u;
const shapedAfter =
  /^[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Extended_Pictographic}]/u;
/** A flag of a region (England, Scotland, Texas): a black flag with the tags of its name. */
const taggedFlag = /\u{1f3f4}$/u;

/**
 * The text as it is stored and shown: Unicode NFC, without characters that no reader sees. A joiner stays where it shapes
 * letters (Persian, Indic scripts) or joins emoji. Line ends, spaces, direction marks and isolates stay.
 * Use it where text enters, so that quotes of it match.
 */
export function cleanText(text: string): string {
  if (ascii.test(text)) return text;
  const visible = text.toWellFormed().replace(invisible, (found, index: number, whole: string) => {
    const before = whole.slice(Math.max(0, index - 2), index);
    if (joiner.test(found)) {
      const after = whole.slice(index + 1, index + 3);
      return shapedBefore.test(before) && shapedAfter.test(after) ? found : '';
    }
    return found >= '\u{e0000}' && taggedFlag.test(before) ? found : '';
  });
  return visible.normalize('NFC');
}

/** Characters that mean nothing to a search: format characters, joiners, direction marks, variation selectors, fillers. */
const ignored =
  /[\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;
const control = /[\0-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]/gu;
/** What NFKC would glue to the word or number before it: raised digits, fractions, circled numbers, trade marks. */
const glued =
  /[²³¹\u2070\u2074-\u2079]+|[¼-¾\u2150-\u215f\u2189]|[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]|[™℠®©]|№/gu;
const unitBefore = /(?:^|[^\p{L}])\p{L}{1,2}$/u;
const powers: Readonly<Record<string, string>> = { '²': '2', '³': '3' };
/** NFKC splits the vowel AM of Thai and Lao, which no dictionary knows in two. Thai AE is often typed as E twice. */
const splitVowel = /[\u0e4d\u0ecd]([\u0e48-\u0e4b\u0ec8-\u0ecb]?)([\u0e32\u0eb2])/gu;
const digitOfOtherScript = /(?![0-9])\p{Nd}/gu;
const dash = /[\u2010-\u2013\u2212\ufe58\ufe63\uff0d]/gu;
const apostrophe = /[\u2018\u2019\u201b\u02bc\u00b4`\u2032\uff07]/gu;

/**
 * The text as search reads it, with case and marks kept: NFKC where it glues nothing, invisible characters removed,
 * digits of every script as ASCII digits, one form of dashes and apostrophes.
 */
export function compatibleText(text: string): string {
  if (ascii.test(text)) return text;
  return text
    .toWellFormed()
    .replace(control, '')
    .replace(ignored, '')
    .replace(apostrophe, "'")
    .replace(glued, (found, index: number, whole: string) => {
      const power = powers[found];
      if (power && unitBefore.test(whole.slice(Math.max(0, index - 3), index))) return power;
      return /[™℠®©]/u.test(found) ? ' ' : ` ${found} `;
    })
    .normalize('NFKC')
    .replace(
      splitVowel,
      (_found, tone: string, vowel: string) => tone + (vowel === '\u0e32' ? '\u0e33' : '\u0eb3'),
    )
    .replaceAll('\u0e40\u0e40', '\u0e41')
    .replaceAll('\u2044', '/')
    .replace(dash, '-')
    .replace(digitOfOtherScript, (digit) => asciiDigit(digit))
    .replace(optionalMarks, '')
    .replace(arabicForm, (letter) => arabicForms[letter] ?? letter)
    .normalize('NFC');
}

/** Folds case and marks of what `compatibleText` answers. */
export function foldLetters(compatible: string): string {
  const lower = compatible.toLowerCase();
  return ascii.test(lower) ? lower : withoutMarks(lower.normalize('NFC'));
}

/** The other spelling of folded text that has letters such as ü: `ue`. Null where there is none. */
export function spellLetters(compatible: string): string | null {
  if (ascii.test(compatible)) return null;
  const lower = compatible.toLowerCase().normalize('NFC');
  const spelled = lower.replace(spelledLetter, (letter) => spelledLetters[letter] ?? letter);
  return spelled === lower ? null : withoutMarks(spelled);
}

/**
 * The text as it is compared: two texts that a reader takes for the same have the same fold.
 * Case, width, ligatures and invisible characters do not count. Marks do not count on Latin, Greek and Cyrillic letters;
 * vowel signs of Indic scripts and voicing marks of kana do. `ß` is `ss`, `ü` is `u`, `٤` and `४` are `4`. Spaces are one space.
 */
export function foldForSearch(text: string): string {
  return foldLetters(compatibleText(text)).replace(/\s+/gu, ' ').trim();
}

/** The fold of a text, and the fold of its other spelling where it has letters such as ü (`u`, `ue`), ö, ä, å (`a`, `aa`), ø. */
export function foldVariants(text: string): string[] {
  const compatible = compatibleText(text).replace(/\s+/gu, ' ').trim();
  const spelled = spellLetters(compatible);
  const plain = foldLetters(compatible);
  return spelled === null || spelled === plain ? [plain] : [plain, spelled];
}

/** Whether a text for people holds what somebody typed into a filter, in any spelling. An empty filter is held by every text. */
export function holdsText(text: string, typed: string): boolean {
  const wanted = foldVariants(typed);
  const given = foldVariants(text);
  return given.some((one) => wanted.some((part) => one.includes(part)));
}

function withoutMarks(lower: string): string {
  return lower
    .replace(plainLetter, (letter) => plainLetters[letter] ?? letter)
    .normalize('NFD')
    .replace(markedLetter, '$1')
    .normalize('NFC');
}

const digits = new Map<string, string>();

/** Decimal digits of a script are ten code points in order, from its zero on (Unicode, chapter 4.6). */
function asciiDigit(digit: string): string {
  const known = digits.get(digit);
  if (known !== undefined) return known;
  const point = digit.codePointAt(0) ?? 0;
  let first = point;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first -= 1;
  const value = String((point - first) % 10);
  digits.set(digit, value);
  return value;
}
