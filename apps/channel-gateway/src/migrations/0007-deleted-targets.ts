import { type Kysely, sql } from 'kysely';

/** Tells a flow that was deleted from one that is not published yet: the answer of its owner may be older than the deletion. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE target ADD COLUMN deleted boolean NOT NULL DEFAULT false`.execute(db);
}
