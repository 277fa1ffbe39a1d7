import { definerFunction } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** How many telephone lines all spaces take together: those of calls that go on, and of such as are dialled. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX call_on_line ON call (id) WHERE deployment_type = 'CALLS' AND phase <> 'ended'`.execute(
    db,
  );
  await definerFunction(db, {
    name: 'lines_taken',
    args: '',
    returns: 'integer',
    body: `SELECT count(*)::integer FROM call WHERE deployment_type = 'CALLS' AND phase <> 'ended'`,
  });
}
