import { migrate } from '@parley/database';
import type { MigrateOptions } from '@parley/database';
import { createMechanismMigrations } from '@parley/messaging';

import { ConfigError, parseEnvironment } from '../config/load-config.ts';
import { migrationConfig } from '../config/migration-config.ts';
import { redactText } from '../log/redact.ts';
import { spaceKeyMigrations } from '../secrets/space-key.migration.ts';

/** A service's own migrations, by name; they run in the order of their names, after those that every service has. */
export interface MigrationOptions {
  readonly domain: string;
  readonly migrations: MigrateOptions['migrations'][number];
  /**
   * How long its events are kept: as long as their stream keeps them (default), or, where they are the history that
   * people read, until the service deletes them.
   */
  readonly eventRetention?: 'stream' | 'service';
}

/** A day more than streams keep their messages. */
const STREAM_DAYS = 31;

/**
 * The whole of a service's `src/migrate.ts`: creates its roles, schema and tables or brings them up to date. Prints a
 * line for each migration that ran; ends the process with 1 and one message when it cannot.
 */
export async function runMigrations({
  domain,
  migrations,
  eventRetention = 'stream',
}: MigrationOptions): Promise<void> {
  try {
    const config = parseEnvironment(`${domain} migration`, migrationConfig);
    const keepEventsDays = eventRetention === 'stream' ? STREAM_DAYS : undefined;
    await migrate({
      ownerUrl: config.DATABASE_OWNER_URL,
      serviceUrl: config.DATABASE_URL,
      runnerUrl: config.DATABASE_RUNNER_URL,
      domain,
      migrations: [createMechanismMigrations({ keepEventsDays }), spaceKeyMigrations, migrations],
      log: (line) => console.log(line),
    });
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : migrationFailure(domain, error));
    process.exitCode = 1;
  }
}

function migrationFailure(domain: string, error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  const reason =
    code === 'ECONNREFUSED'
      ? 'PostgreSQL cannot be reached at DATABASE_OWNER_URL'
      : (message ?? String(error));
  return `The ${domain} schema could not be migrated: ${redactText(reason)}`;
}
