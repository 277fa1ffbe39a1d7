import {
  DummyDriver,
  Kysely,
  NoResultError,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type { Trx } from './database.ts';

/** Keeps each statement and answers it with the next prepared rows. */
class RecordingConnection implements DatabaseConnection {
  readonly statements: string[] = [];
  readonly #answers: (readonly object[])[];

  constructor(answers: readonly (readonly object[])[]) {
    this.#answers = [...answers];
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.statements.push(query.sql.replaceAll(/\s+/gu, ' ').trim());
    const rows = (this.#answers.shift() ?? []) as R[];
    return Promise.resolve({ rows, numAffectedRows: BigInt(rows.length) });
  }

  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    yield await Promise.resolve({ rows: [] });
  }
}

class RecordingDriver extends DummyDriver {
  readonly #connection: RecordingConnection;

  constructor(connection: RecordingConnection) {
    super();
    this.#connection = connection;
  }

  override acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection);
  }
}

/**
 * The SQL that a repository method sends, without a database.
 * @param run calls the method with the given transaction.
 * @param answers rows for its first, second … statement; nothing where they end. A method that fails for want of rows
 * ends the recording.
 */
export async function recordSql<T>(
  run: (trx: Trx<T>) => Promise<unknown>,
  answers: readonly (readonly object[])[] = [],
): Promise<string[]> {
  const connection = new RecordingConnection(answers);
  const db = new Kysely<T>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new RecordingDriver(connection),
      createIntrospector: (handle) => new PostgresIntrospector(handle),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  try {
    await db.transaction().execute(run);
  } catch (error) {
    if (!(error instanceof NoResultError)) throw error;
  }
  return connection.statements;
}

/** Compares the SQL of a repository method with the snapshot of the running Jest test. */
export async function expectSqlSnapshot<T>(
  run: (trx: Trx<T>) => Promise<unknown>,
  answers: readonly (readonly object[])[] = [],
): Promise<void> {
  const statements = await recordSql(run, answers);
  expect(statements.join('\n')).toMatchSnapshot();
}
