import { badRequest, type ProblemDetail } from './problem.ts';

/** How many bad places are named at most. */
const NAMED = 50;

/**
 * Refuses input that holds text which cannot be stored, wherever it is: the NUL character and lone surrogates, which
 * JSON can carry as escapes.
 * @throws ProblemError 400 with a JSON pointer for each place
 */
export function requireStorable(input: unknown): void {
  const errors: ProblemDetail[] = [];
  collect(input, '', errors);
  if (errors.length > 0) throw badRequest('The request holds characters that are no text.', errors);
}

/** NUL and half of a surrogate pair are no text in the sense of PostgreSQL. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function collect(value: unknown, pointer: string, errors: ProblemDetail[]): void {
  if (errors.length >= NAMED) return;
  if (typeof value === 'string') {
    if (!isStorable(value)) errors.push({ pointer, detail: 'holds U+0000 or half of a surrogate pair' });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, field] of Object.entries(value)) {
    const place = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!isStorable(key))
      errors.push({ pointer, detail: 'has a key with U+0000 or half of a surrogate pair' });
    else collect(field, place, errors);
  }
}
