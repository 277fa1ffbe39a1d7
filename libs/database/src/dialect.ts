import { AsyncLocalStorage } from 'node:async_hooks';
import { CompiledQuery, PostgresDialect, PostgresDriver } from 'kysely';
import type { DatabaseConnection, Driver, PostgresDialectConfig, TransactionSettings } from 'kysely';

/** Carries the spaces of a transaction from `withSpaces` to the BEGIN that opens it. */
export type SpacesScope = AsyncLocalStorage<string>;

/** Opens each transaction with its spaces in one round trip: BEGIN and SET LOCAL travel as one simple query. */
class SpacesDriver extends PostgresDriver {
  readonly #scope: SpacesScope;

  constructor(config: PostgresDialectConfig, scope: SpacesScope) {
    super(config);
    this.#scope = scope;
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const spaces = this.#scope.getStore();
    if (spaces === undefined) return super.beginTransaction(connection, settings);
    await connection.executeQuery(CompiledQuery.raw(`begin; set local app.spaces = '${spaces}'`));
  }
}

/** PostgreSQL dialect of Kysely whose transactions start with the spaces of the given scope. */
export class SpacesDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;
  readonly #scope: SpacesScope;

  constructor(config: PostgresDialectConfig, scope: SpacesScope) {
    super(config);
    this.#config = config;
    this.#scope = scope;
  }

  override createDriver(): Driver {
    return new SpacesDriver(this.#config, this.#scope);
  }
}
