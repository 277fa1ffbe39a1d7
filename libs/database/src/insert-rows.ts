import { type RawBuilder, sql } from 'kysely';

/** Compares with one of these texts: `where('id', '=', anyOfTexts(ids))`; however many there are, the statement is the same. */
export function anyOfTexts(texts: readonly string[]): RawBuilder<string> {
  return sql<string>`ANY (${[...texts]}::text[])`;
}

/** Types of the columns to be written. */
export type ColumnTypes = Readonly<
  Record<string, 'text' | 'int' | 'bigint' | 'boolean' | 'jsonb' | 'timestamptz' | 'tsvector'>
>;

/**
 * `INSERT INTO table (…) SELECT * FROM unnest(…)`: however many rows there are the statement is the same, so that it is
 * prepared once; `ON CONFLICT` or `RETURNING` may follow. JSON is given as text. Columns
 * without a type get their defaults; a value that is missing is null.
 */
export function insertRows<Types extends ColumnTypes>(
  table: string,
  types: Types,
  rows: readonly Readonly<Partial<Record<keyof Types, unknown>>>[],
): RawBuilder<unknown> {
  const columns = Object.keys(types);
  const lists = columns.map(
    (name) => sql`${rows.map((row) => row[name] ?? null)}::${sql.raw(types[name] ?? 'text')}[]`,
  );
  return sql`INSERT INTO ${sql.table(table)} (${sql.join(columns.map((name) => sql.id(name)))})
    SELECT * FROM unnest(${sql.join(lists)})`;
}
