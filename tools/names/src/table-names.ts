import { createMechanismMigrations } from '@parley/messaging';
import { spaceKeyMigrations } from '@parley/service';
import { createTables, type SpecDatabase } from '@parley/service/testing';
import pg from 'pg';

import * as asset from '../../../apps/assets/src/migrations/index.ts';
import * as channel from '../../../apps/channel-gateway/src/migrations/index.ts';
import * as conversation from '../../../apps/conversation/src/migrations/index.ts';
import * as flow from '../../../apps/flow-engine/src/migrations/index.ts';
import * as identity from '../../../apps/identity/src/migrations/index.ts';
import * as notification from '../../../apps/notifications/src/migrations/index.ts';
import * as telephony from '../../../apps/telephony/src/migrations/index.ts';

/** Every service's own migrations, by the name of its schema; a schema without any has the common tables alone. */
const migrationsOf = {
  asset: asset.migrations,
  channel: channel.migrations,
  conversation: conversation.migrations,
  flow: flow.migrations,
  identity: identity.migrations,
  notification: notification.migrations,
  telephony: telephony.migrations,
  voice: {},
};

/** Names of the migrations that every schema has. */
const commonMigrations = [createMechanismMigrations({}), spaceKeyMigrations].flatMap((set) =>
  Object.keys(set),
);

/** Creates the tables of every service in an empty database. */
export async function createAllTables(server: SpecDatabase): Promise<void> {
  for (const [schema, migrations] of Object.entries(migrationsOf))
    await createTables(server, schema, [spaceKeyMigrations, migrations]);
}

/** Migrations in the order in which they run. */
export function migrationLines(): string[] {
  return [
    `every schema: ${commonMigrations.join(' ')}`,
    ...Object.entries(migrationsOf).map(([schema, set]) =>
      `${schema}: ${Object.keys(set).sort().join(' ')}`.trim(),
    ),
  ];
}

/** `schema.table: columns` and `schema.function(arguments)`; what every schema has stands once, under `*`. */
export async function tableLines(server: SpecDatabase): Promise<string[]> {
  const client = new pg.Client({ connectionString: server.ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ schema: string; line: string }>(TABLES, [
      Object.keys(migrationsOf),
    ]);
    const schemas = new Map<string, string[]>();
    for (const { schema, line } of rows) schemas.set(line, [...(schemas.get(line) ?? []), schema]);
    const total = Object.keys(migrationsOf).length;
    return [...schemas]
      .flatMap(([line, owners]) =>
        (owners.length === total ? ['*'] : owners).map((owner) => `${owner}.${line}`),
      )
      .sort();
  } finally {
    await client.end();
  }
}

// Partitions, which come and go by date, and functions of extensions are left out.
const TABLES = `
  SELECT n.nspname AS schema, c.relname || ': ' || string_agg(a.attname, ' ' ORDER BY a.attnum) AS line
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
  WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  GROUP BY n.nspname, c.relname
  UNION ALL
  SELECT n.nspname, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
  WHERE n.nspname = ANY ($1) AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')`;
