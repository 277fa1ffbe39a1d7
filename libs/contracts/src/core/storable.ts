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

/**
 * A value from another system, such as a provider's webhook, with its texts made storable: NUL characters are left out, and
 * a half surrogate pair becomes U+FFFD. A message is never lost for one character.
 */
export function toStorable<Value>(value: Value): Value {
  return cleaned(value) as Value;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return isStorable(value) ? value : value.replaceAll('\0', '').toWellFormed();
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [cleaned(key) as string, cleaned(field)]),
  );
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
