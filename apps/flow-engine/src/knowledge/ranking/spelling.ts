/** Whether the two letters of one pair are those of the other the other way round. */
function areSwapped(one: string, other: string): boolean {
  return (
    one.length === 2 && other.length === 2 && one.startsWith(other.charAt(1)) && one.endsWith(other.charAt(0))
  );
}

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
export function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const cost = one[row - 1] === other[column - 1] ? 0 : 1;
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + cost,
      );
      if (areSwapped(one.slice(Math.max(0, row - 2), row), other.slice(Math.max(0, column - 2), column))) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[other.length] ?? one.length;
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

/** The known word that was probably meant; null where none is near enough. */
export function correctionOf(word: string, known: readonly string[]): string | null {
  const limit = word.length >= 8 ? 2 : 1;
  let best: { word: string; distance: number; similarity: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    const alike = similarity(word, candidate);
    const isNear = distance <= limit && (alike >= 0.3 || distance === 1);
    if (
      isNear &&
      (!best || distance < best.distance || (distance === best.distance && alike > best.similarity))
    ) {
      best = { word: candidate, distance, similarity: alike };
    }
  }
  return best?.word ?? null;
}
