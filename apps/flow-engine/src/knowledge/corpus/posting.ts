import type { PostingRow } from '../knowledge-search.repository.ts';

/** What the index holds of a lexeme, by numbers of documents and passages. */
export interface Posting {
  documents: Int32Array;
  titleFrequencies: Int32Array;
  frequencies: Int32Array;
  /** Where the passages of each document end in the lists below. */
  ends: Int32Array;
  /** Passages that hold it, by their numbers in the corpus. */
  places: Int32Array;
  headings: Uint16Array;
  bodies: Uint16Array;
  lengths: Uint16Array;
}

const COMMA = 44;
const SPACE = 32;
const OPEN = 123;
const CLOSE = 125;
const ZERO = 48;
/** Behind the passages of any corpus. */
const OUTSIDE = 0x7000_0000;

/** Reads natural numbers that are separated by commas or spaces, in arrays or not. */
function readNumbers(text: string, into: Int32Array | Uint16Array, ends?: Int32Array): void {
  let count = 0;
  let groups = 0;
  let value = -1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === OPEN) continue;
    if (code === COMMA || code === SPACE || code === CLOSE) {
      if (value >= 0) {
        into[count] = value;
        count += 1;
        value = -1;
      }
      if (code === CLOSE && ends) {
        ends[groups] = count;
        groups += 1;
      }
    } else value = Math.max(0, value) * 10 + code - ZERO;
  }
  if (value >= 0) into[count] = value;
}

/** Natural numbers that are separated by spaces. */
export function numbersOf(text: string, count: number): Int32Array {
  const numbers = new Int32Array(count);
  readNumbers(text, numbers);
  return numbers;
}

/** @param documents numbers of documents by their ids, and the numbers of their first passages */
export function readPosting(
  row: PostingRow,
  documents: { numbers: ReadonlyMap<string, number>; starts: Int32Array },
): Posting {
  const ids = row.documents.split(' ');
  const posting: Posting = {
    documents: Int32Array.from(ids, (id) => documents.numbers.get(id) ?? -1),
    titleFrequencies: numbersOf(row.titles, ids.length),
    frequencies: numbersOf(row.frequencies, ids.length),
    ends: new Int32Array(ids.length),
    places: new Int32Array(row.places),
    headings: new Uint16Array(row.places),
    bodies: new Uint16Array(row.places),
    lengths: new Uint16Array(row.places),
  };
  readNumbers(row.positions, posting.places, posting.ends);
  readNumbers(row.headings, posting.headings);
  readNumbers(row.bodies, posting.bodies);
  readNumbers(row.lengths, posting.lengths);
  let place = 0;
  for (const [index, number] of posting.documents.entries()) {
    const start = documents.starts[number] ?? OUTSIDE;
    for (const end = posting.ends[index] ?? 0; place < end; place += 1)
      posting.places[place] = (posting.places[place] ?? 0) + start;
  }
  return posting;
}

/** Memory that a posting takes, about, in bytes. */
export function sizeOfPosting({ documents, places }: Posting): number {
  return 600 + documents.length * 16 + places.length * 10;
}
