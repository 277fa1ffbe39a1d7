import { type Kysely, sql } from 'kysely';

/** A deleted flow keeps its row and versions: runs that follow one of them go on to their end. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE flow ADD COLUMN deleted_at timestamptz`.execute(db);
  // Flows that were made for agents which have been deleted since.
  await sql`
    UPDATE flow SET deleted_at = now() WHERE generated AND NOT EXISTS (
      SELECT FROM agent WHERE agent.space_id = flow.space_id AND agent.generated_flow_id = flow.id)`.execute(
    db,
  );
}
