import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Service } from './services.ts';

const PREFIX = 'Parley ';

/**
 * Brings every service's schema up to date. What was done is remembered as the database's comment: the same build with the
 * same roles and passwords has nothing to do there.
 * @param buildStamp changes whenever a migration may have changed
 */
export async function migrateAll(
  databaseUrl: string,
  services: readonly Service[],
  buildStamp: string,
): Promise<void> {
  const owner = new pg.Client({ connectionString: databaseUrl });
  await owner.connect();
  try {
    const done = `${PREFIX}${stampOf(services, buildStamp)}`;
    const known = await commentOf(owner, services);
    if (known === done) return;
    const run = promisify(execFile);
    await Promise.all(
      services.map(({ folder, env }) => run(process.execPath, ['migrate.js'], { cwd: folder, env })),
    );
    // Somebody else's comment is left alone. Who may not comment migrates each time, which changes nothing.
    if (known === null || known.startsWith(PREFIX)) await comment(owner, done).catch(() => undefined);
  } finally {
    await owner.end();
  }
}

function stampOf(services: readonly Service[], buildStamp: string): string {
  const roles = services.map(({ domain, env }) => {
    const urls = [env['DATABASE_URL'], env['DATABASE_RUNNER_URL']].map((url) => new URL(url ?? ''));
    return [domain, ...urls.map(({ username, password, pathname }) => [username, password, pathname])];
  });
  return createHash('sha256')
    .update(JSON.stringify([buildStamp, roles]))
    .digest('hex');
}

/** The comment, unless a schema is missing. */
async function commentOf(owner: pg.Client, services: readonly Service[]): Promise<string | null> {
  const { rows } = await owner.query<{ comment: string | null; schemas: number }>(
    `SELECT shobj_description(oid, 'pg_database') AS comment,
       (SELECT count(*)::int FROM pg_namespace WHERE nspname = ANY ($1)) AS schemas
     FROM pg_database WHERE datname = current_database()`,
    [services.map(({ domain }) => domain)],
  );
  const [row] = rows;
  if (!row) return null;
  return row.schemas === services.length || !row.comment?.startsWith(PREFIX) ? row.comment : null;
}

async function comment(owner: pg.Client, text: string): Promise<void> {
  const { rows } = await owner.query<{ statement: string }>(
    `SELECT format('COMMENT ON DATABASE %I IS %L', current_database(), $1::text) AS statement`,
    [text],
  );
  await owner.query(rows[0]?.statement ?? '');
}
