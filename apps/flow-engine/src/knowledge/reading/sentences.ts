import { cutPlace } from '../ranking/terms.ts';

const abbreviations = new Set(
  (
    'e.g i.e etc vs cf approx ca resp esp incl excl al ed eds vol no nos fig figs sec secs ch chap app art par p pp eq ' +
    'dr mr mrs ms prof rev gen sen st jr sr inc ltd co corp dept est jan feb mar apr jun jul aug sep sept oct nov dec ' +
    'mon tue wed thu fri sat sun min max u.s u.k a.k.a w.r.t z.b d.h bzw usw ggf p.ej'
  ).split(' '),
);

/** True where the full stop at the end of this text belongs to a word, not to the sentence. */
function endsInAbbreviation(text: string): boolean {
  const word = /([\p{L}\p{N}.]+)\.["'”’)\]]*\s*$/u.exec(text.slice(-40))?.[1]?.toLowerCase();
  if (word === undefined) {
    return false;
  }
  return (
    abbreviations.has(word) || /^\p{L}$/u.test(word) || (text.length < 8 && /^\s*\d{1,3}\.\s*$/.test(text))
  );
}

/** Sentences start with a capital, a digit, a quotation mark or a name like `pg_dump`. */
function startsSentence(text: string): boolean {
  return /^["'“‘(\[«]*[\p{Lu}\p{Lo}\p{N}$]/u.test(text) || /^["'“‘(\[]*[\p{Ll}\d]+[_./-]/u.test(text);
}

/** Longer lines are no prose; the segmenter would take square time for them. */
const MAX_LINE = 20_000;

function splitLine(segmenter: Intl.Segmenter, line: string, offset: number): number[] {
  const spans: number[] = [];
  for (let start = 0; start < line.length; ) {
    const end = cutPlace(line, start + MAX_LINE);
    for (const place of splitPart(segmenter, line.slice(start, end), offset + start)) {
      spans.push(place);
    }
    start = end;
  }
  return spans;
}

/** Start and end of every sentence of one line of prose, without the space around it. */
function splitPart(segmenter: Intl.Segmenter, line: string, offset: number): number[] {
  const spans: number[] = [];
  let start = 0;
  let end = 0;
  const push = (): void => {
    const raw = line.slice(start, end);
    const text = raw.trim();
    if (text !== '') {
      const from = offset + start + raw.indexOf(text);
      spans.push(from, from + text.length);
    }
    start = end;
  };
  for (const { segment, index } of segmenter.segment(line)) {
    if (index > 0 && !endsInAbbreviation(line.slice(start, index)) && startsSentence(segment)) {
      push();
    }
    end = index + segment.length;
  }
  push();
  return spans;
}

/** Start and end of every sentence, one pair after another; a line break always ends a sentence. */
export function splitSentences(text: string): number[] {
  const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
  const spans: number[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    for (const place of splitLine(segmenter, line, offset)) {
      spans.push(place);
    }
    offset += line.length + 1;
  }
  return spans;
}
