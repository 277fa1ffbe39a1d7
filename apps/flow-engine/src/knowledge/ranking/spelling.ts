/** Whether the two letters that end there are those of the other word the other way round. */
function areSwapped(one: string, row: number, other: string, column: number): boolean {
  return (
    row > 1 &&
    column > 1 &&
    one.charCodeAt(row - 1) === other.charCodeAt(column - 2) &&
    one.charCodeAt(row - 2) === other.charCodeAt(column - 1)
  );
}

/**
 * Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
 * @param limit a greater distance is answered as one more than this
 */
export function editDistance(one: string, other: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = distancesOf(one, row, { other, last, beforeLast });
    // A swap takes two rows at once: the row before may be the better one.
    if (Math.min(...current) > limit && Math.min(...last) > limit - 1) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return Math.min(limit + 1, last[other.length] ?? one.length);
}

/** Distances of the first letters of a word, so many, to all beginnings of the other; from those of fewer letters. */
function distancesOf(
  one: string,
  row: number,
  { other, last, beforeLast }: { other: string; last: number[]; beforeLast: number[] },
): number[] {
  const current = [row];
  for (let column = 1; column <= other.length; column += 1) {
    const isSame = one.charCodeAt(row - 1) === other.charCodeAt(column - 1);
    let best = Math.min(
      (last[column] ?? 0) + 1,
      (current[column - 1] ?? 0) + 1,
      (last[column - 1] ?? 0) + (isSame ? 0 : 1),
    );
    if (areSwapped(one, row, other, column)) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
    current.push(best);
  }
  return current;
}

function trigrams(word: string): Set<string> {
  const padded = `  ${word} `;
  return new Set(Array.from({ length: padded.length - 2 }, (_, index) => padded.slice(index, index + 3)));
}

/** Share of trigrams that two words have in common, as pg_trgm's similarity. */
export function similarity(one: string, other: string): number {
  const [left, right] = [trigrams(one), trigrams(other)];
  const common = [...left].filter((gram) => right.has(gram)).length;
  return common / (left.size + right.size - common);
}

/** Shorter words have too many neighbours to guess which was meant. */
export const MIN_CORRECTABLE = 5;
/** Most edits that a correction makes. */
export const MOST_EDITS = 2;

/** The known word that was probably meant; null where none is near enough. */
export function correctionOf(word: string, known: readonly string[]): string | null {
  const limit = word.length >= 8 ? MOST_EDITS : 1;
  let best: { word: string; distance: number; similarity: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(word, candidate, limit);
    if (distance > limit) continue;
    const alike = similarity(word, candidate);
    const isNear = alike >= 0.3 || distance === 1;
    if (
      isNear &&
      (!best || distance < best.distance || (distance === best.distance && alike > best.similarity))
    ) {
      best = { word: candidate, distance, similarity: alike };
    }
  }
  return best?.word ?? null;
}
