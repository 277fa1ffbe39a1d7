import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Migration } from 'kysely/migration';
import pg from 'pg';
import { prepareRoles, revokeMigrationTables } from './roles.ts';
import type { RolePlan } from './roles.ts';
import { roleSettings } from './row-level-security.ts';

/** What a service brings to its schema. */
export interface MigrateOptions {
  /** Role that owns the schemas; it may create roles. */
  ownerUrl: string;
  /** `parley_<domain>` with its password: created or changed to it. */
  serviceUrl: string;
  /** `parley_<domain>_runner` with its password: created or changed to it. */
  runnerUrl: string;
  /** Name of the schema, for example `conversation`. */
  domain: string;
  /** Sets of migrations, run in this order; names are unique over all sets and sort within one. */
  migrations: Record<string, Migration>[];
  /** Gets one line per migration that ran. */
  log?: (line: string) => void;
}

/** Key of the advisory lock under which all services migrate, one after another. */
const migrateLock = 7_217_605_011;

function merge(sets: readonly Record<string, Migration>[]): Record<string, Migration> {
  const merged: Record<string, Migration> = {};
  for (const [index, set] of sets.entries()) {
    for (const [name, migration] of Object.entries(set)) merged[`${index}_${name}`] = migration;
  }
  return merged;
}

function planOf(options: MigrateOptions): RolePlan {
  if (!/^[a-z][a-z0-9_]*$/u.test(options.domain)) {
    throw new TypeError(`"${options.domain}" cannot name a schema: use lower-case letters, digits and "_".`);
  }
  return {
    domain: options.domain,
    service: credentials(options.serviceUrl, 'DATABASE_URL'),
    runner: credentials(options.runnerUrl, 'DATABASE_RUNNER_URL'),
  };
}

function credentials(url: string, variable: string): { name: string; password: string } {
  const { username, password } = new URL(url);
  if (!username)
    throw new TypeError(`${variable} names no role: write postgres://role:password@host/database.`);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** Roles belong to all databases of a server, so another database's migration may be writing the same one. */
async function retryOnRace(work: () => Promise<void>, left = 20): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    const race = code === '23505' || code === '42710' || message === 'tuple concurrently updated';
    if (!race || left === 0) throw error;
    await sleep(25 + Math.random() * 50);
    await retryOnRace(work, left - 1);
  }
}

async function runMigrations(options: MigrateOptions, plan: RolePlan): Promise<void> {
  const settings = [
    `-c search_path=${options.domain}`,
    `-c ${roleSettings.service}=${plan.service.name}`,
    `-c ${roleSettings.runner}=${plan.runner.name}`,
  ];
  const pool = new pg.Pool({ connectionString: options.ownerUrl, max: 1, options: settings.join(' ') });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrations = merge(options.migrations);
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve(migrations) },
      migrationTableName: 'migration',
      migrationLockTableName: 'migration_lock',
      migrationTableSchema: options.domain,
      allowUnorderedMigrations: true,
    });
    const { error, results } = await migrator.migrateToLatest();
    for (const result of results ?? [])
      options.log?.(`${options.domain}: ${result.migrationName} ${result.status}`);
    if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
  } finally {
    await db.destroy();
  }
}

/**
 * Brings one service's schema up to date: roles with the passwords of their URLs and their settings, schema, rights
 * (also of tables to come), then the migrations in one transaction. Idempotent; services that migrate at the same
 * time wait for one another.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const plan = planOf(options);
  const owner = new pg.Client({
    connectionString: options.ownerUrl,
    application_name: `migrate ${options.domain}`,
  });
  await owner.connect();
  try {
    await owner.query('select pg_advisory_lock($1)', [migrateLock]);
    await retryOnRace(() => prepareRoles(owner, plan));
    await runMigrations(options, plan);
    await revokeMigrationTables(owner, plan);
  } finally {
    await owner.end();
  }
}
