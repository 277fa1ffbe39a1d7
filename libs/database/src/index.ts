export { createDatabase, Database } from './database.ts';
export type { DatabaseLogger, DatabaseOptions, TransactionEnd, Trx } from './database.ts';
export { migrate } from './migrate.ts';
export type { MigrateOptions } from './migrate.ts';
export { anyOfTexts, type ColumnTypes, insertRows } from './insert-rows.ts';
export { isDataException, isRetryable, isUniqueViolation } from './errors.ts';
export {
  definerFunction,
  forceRowLevelSecurity,
  grantToRunner,
  spacesPolicy,
  tenantTable,
} from './row-level-security.ts';
export {
  isInTransaction,
  reportTransactionViolations,
  requireNoTransaction,
  sleep,
  TransactionOpenError,
} from './transaction-scope.ts';
export { expectSqlSnapshot, recordSql } from './sql-snapshot.ts';
