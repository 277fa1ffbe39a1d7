import { migrate } from '@parley/database';
import type { MigrateOptions } from '@parley/database';

import { ConfigError, parseEnvironment } from '../config/load-config.ts';
import { migrationConfig } from '../config/migration-config.ts';
import { redactText } from '../log/redact.ts';
import { spaceKeyMigrations } from '../secrets/space-key.migration.ts';

/** A service's own migrations, by name; they run in the order of their names, after those that every service has. */
export interface MigrationOptions {
  readonly domain: string;
  readonly migrations: MigrateOptions['migrations'][number];
}

/**
 * The whole of a service's `src/migrate.ts`: creates its roles, schema and tables or brings them up to date. Prints a
 * line for each migration that ran; ends the process with 1 and one message when it cannot.
 */
export async function runMigrations({ domain, migrations }: MigrationOptions): Promise<void> {
  try {
    const config = parseEnvironment(`${domain} migration`, migrationConfig);
    const { mechanismMigrations } = await import('@parley/messaging');
    await migrate({
      ownerUrl: config.DATABASE_OWNER_URL,
      serviceUrl: config.DATABASE_URL,
      runnerUrl: config.DATABASE_RUNNER_URL,
      domain,
      migrations: [mechanismMigrations, spaceKeyMigrations, migrations],
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
