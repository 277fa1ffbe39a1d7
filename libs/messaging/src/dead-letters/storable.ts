/**
 * A value that PostgreSQL takes as jsonb or text: NUL and lone surrogates, which it refuses, become the replacement
 * character. What cannot be handled must at least be kept.
 */
export function toStorable<Value>(value: Value): Value {
  return cleaned(value) as Value;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\ufffd').toWellFormed();
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [cleaned(key) as string, cleaned(field)]),
  );
}
