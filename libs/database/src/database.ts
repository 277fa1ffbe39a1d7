import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely, sql } from 'kysely';
import type { Transaction } from 'kysely';
import pg from 'pg';
import { SpacesDialect } from './dialect.ts';
import { PreparingClient } from './preparing-client.ts';
import type { SpacesScope } from './dialect.ts';
import { requireNoTransaction, runInTransactionScope } from './transaction-scope.ts';

/** A running transaction, as repositories take it. */
export type Trx<T> = Transaction<T>;

/** How a transaction ended; in doubt when the commit was sent and its answer did not come. */
export type TransactionEnd = 'committed' | 'rolled_back' | 'in_doubt';

type EndCallback = (end: TransactionEnd) => void;

/** The part of a logger the database needs. */
export interface DatabaseLogger {
  warn(fields: object, message: string): void;
}

/** How to reach PostgreSQL. */
export interface DatabaseOptions {
  /** Connection URL with role and password. */
  url: string;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Most connections at once; 10 unless said. */
  poolSize?: number;
  /** Gets errors of idle connections and of after-commit callbacks. */
  logger?: DatabaseLogger;
}

const spaceIdPattern = /^[0-9A-Za-z_]{1,64}$/u;
const int8Type = 20;

/** Connections that do not wait for the disk; their statements are short. */
const relaxedPoolSize = 3;

/** Longest wait for a connection of the pool, in milliseconds. */
const connectTimeoutMs = 5_000;

function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  // Counters and sequences stay far below 2^53.
  if (oid === int8Type && format !== 'binary') return Number;
  return pg.types.getTypeParser(oid, format ?? 'text');
}

/**
 * The connections of one role, and the only way to its transactions.
 * `bigint` columns come back as numbers, `timestamptz` as `Date`, `jsonb` parsed.
 */
export class Database<T = unknown> {
  /** Raw handle outside any space: only for libraries and migrations. */
  readonly kysely: Kysely<T>;
  readonly #pool: pg.Pool;
  readonly #options: DatabaseOptions;
  #relaxed: Kysely<T> | undefined;
  readonly #scope: SpacesScope = new AsyncLocalStorage<string>();
  readonly #callbacks = new WeakMap<object, EndCallback[]>();
  readonly #logger: DatabaseLogger | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: DatabaseOptions) {
    this.#logger = options.logger;
    this.#options = options;
    this.#pool = this.#createPool({ max: options.poolSize ?? 10 });
    this.kysely = this.#createKysely(this.#pool);
  }

  /**
   * Connections whose commits do not wait for the disk (`synchronous_commit = off`), opened on first use: for single
   * statements that are done again without harm when PostgreSQL loses the last of them in a crash. What they write is
   * visible at once, and stays in order with what other connections write.
   */
  get relaxed(): Kysely<T> {
    this.#relaxed ??= this.#createKysely(
      this.#createPool({
        max: relaxedPoolSize,
        options: '-c synchronous_commit=off',
        application_name: `${this.#options.applicationName}-relaxed`,
      }),
    );
    return this.#relaxed;
  }

  /**
   * Runs `work` in one transaction that sees and writes only rows of the given spaces; commits when it resolves, rolls
   * back when it throws, then runs the after-commit callbacks. Nothing is retried: see `isRetryable`.
   * @param spaceIds one space for an operation, the batch's spaces for a consumer; may be empty.
   */
  async withSpaces<R>(spaceIds: readonly string[], work: (trx: Trx<T>) => Promise<R>): Promise<R> {
    const wrong = spaceIds.find((id) => !spaceIdPattern.test(id));
    if (wrong !== undefined)
      throw new TypeError(`"${wrong}" is not a space id: pass ids as identity issued them.`);
    requireNoTransaction('Another transaction');
    const callbacks: EndCallback[] = [];
    let isDone = false;
    try {
      const result = await this.#scope.run([...new Set(spaceIds)].join(','), () =>
        this.kysely.transaction().execute(async (trx) => {
          this.#callbacks.set(trx, callbacks);
          const done = await this.#scope.exit(() => runInTransactionScope(() => work(trx)));
          isDone = true;
          return done;
        }),
      );
      this.#runCallbacks(callbacks, 'committed');
      return result;
    } catch (error) {
      this.#runCallbacks(callbacks, isDone ? 'in_doubt' : 'rolled_back');
      throw error;
    }
  }

  /** Lets a running transaction work for other spaces from now on: for a space that it has just made. */
  async setSpaces(trx: Trx<T>, spaceIds: readonly string[]): Promise<void> {
    const wrong = spaceIds.find((id) => !spaceIdPattern.test(id));
    if (wrong !== undefined)
      throw new TypeError(`"${wrong}" is not a space id: pass ids as identity issued them.`);
    await sql`select set_config('app.spaces', ${spaceIds.join(',')}, true)`.execute(trx);
  }

  /** Registers what happens once the transaction is committed; a rolled back one forgets it. */
  afterCommit(trx: object, callback: () => void): void {
    this.afterEnd(trx, (end) => {
      if (end === 'committed') callback();
    });
  }

  /** Registers what happens once the transaction is over, however it ended. */
  afterEnd(trx: object, callback: EndCallback): void {
    const callbacks = this.#callbacks.get(trx);
    if (!callbacks)
      throw new TypeError('A callback needs the transaction that withSpaces of the same Database opened.');
    callbacks.push(callback);
  }

  /** One round trip to PostgreSQL; throws when it cannot be reached. */
  async ping(): Promise<void> {
    await sql`select 1`.execute(this.kysely);
  }

  /** Connections: all, idle, and requests that wait for one. */
  stats(): { total: number; idle: number; waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  /** Waits for running queries and closes all connections; may be called twice. */
  close(): Promise<void> {
    this.#closed ??= Promise.all([this.kysely.destroy(), this.#relaxed?.destroy()]).then(() => undefined);
    return this.#closed;
  }

  #createPool(config: Pick<pg.PoolConfig, 'max' | 'options' | 'application_name'>): pg.Pool {
    const pool = new pg.Pool({
      Client: PreparingClient,
      connectionString: this.#options.url,
      application_name: this.#options.applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
      types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
      ...config,
    });
    const report = (error: Error): void =>
      this.#logger?.warn({ err: error }, 'A connection to PostgreSQL broke');
    pool.on('error', report);
    // Also one in use, between two statements: without a listener the error would end the process.
    pool.on('connect', (client) => client.on('error', report));
    return pool;
  }

  #createKysely(pool: pg.Pool): Kysely<T> {
    return new Kysely<T>({ dialect: new SpacesDialect({ pool }, this.#scope) });
  }

  #runCallbacks(callbacks: readonly EndCallback[], end: TransactionEnd): void {
    for (const callback of callbacks) {
      try {
        callback(end);
      } catch (error) {
        this.#logger?.warn({ err: error }, 'A callback after a transaction failed');
      }
    }
  }
}

/** Opens a pool for one role; connects on first use. */
export function createDatabase<T = unknown>(options: DatabaseOptions): Database<T> {
  return new Database<T>(options);
}
