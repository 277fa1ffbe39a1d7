import { tenantTable } from '@parley/database';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The table of spaces' wrapped keys, in every service's schema. */
export const spaceKeyMigrations: Record<string, Migration> = {
  '0000-space-key': {
    up: async (db: Kysely<unknown>) => {
      await sql`
        CREATE TABLE space_key (
          space_id text NOT NULL, id text NOT NULL, wrapped text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
          PRIMARY KEY (space_id, id))`.execute(db);
      await tenantTable(db, 'space_key');
    },
  },
};
