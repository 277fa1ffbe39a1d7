import pg from 'pg';

/** Statements that a connection keeps prepared at most; each takes some kilobytes in PostgreSQL. */
const PREPARED_LIMIT = 256;
const SEEN_LIMIT = 2048;

/** "cached plan must not change result type": a table was altered under a prepared `select *`. */
const FEATURE_NOT_SUPPORTED = '0A000';

/**
 * A client that prepares what it is asked a second time, so that PostgreSQL parses and plans it once per connection.
 * When a migration changes what a statement returns, it is prepared anew.
 */
export class PreparingClient extends pg.Client {
  readonly #names = new Map<string, string>();
  readonly #seen = new Set<string>();
  #count = 0;

  // The overloads of pg are many; the pool and Kysely use this one beside those passed through.
  override query(...args: unknown[]): never {
    const [text, values] = args;
    const send = super.query.bind(this) as (...given: unknown[]) => unknown;
    const name =
      typeof text === 'string' && Array.isArray(values) && values.length > 0 ? this.#nameOf(text) : undefined;
    if (name === undefined) return send(...args) as never;
    const result = send({ name, text, values }, ...args.slice(2));
    if (result instanceof Promise) result.catch((error: unknown) => this.#forget(error));
    return result as never;
  }

  /** A name for a statement that was asked before, as long as there is room. */
  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= PREPARED_LIMIT) return known;
    if (!this.#seen.delete(text)) {
      if (this.#seen.size < SEEN_LIMIT) this.#seen.add(text);
      return undefined;
    }
    this.#count += 1;
    const name = `parley_${this.#count}`;
    this.#names.set(text, name);
    return name;
  }

  #forget(error: unknown): void {
    if (Reflect.get(Object(error), 'code') === FEATURE_NOT_SUPPORTED) this.#names.clear();
  }
}
