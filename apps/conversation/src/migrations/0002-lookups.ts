import { type Kysely, sql } from 'kysely';

/** What lists filter by, and that nobody takes part twice. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    DELETE FROM participant USING participant AS earlier
    WHERE participant.space_id = earlier.space_id AND participant.parent_id = earlier.parent_id AND earlier.id < participant.id
      AND coalesce(participant.account_id, participant.agent_id, participant.contact_id)
        = coalesce(earlier.account_id, earlier.agent_id, earlier.contact_id)`.execute(db);
  await sql`
    CREATE UNIQUE INDEX participant_identity ON participant (space_id, parent_id, (coalesce(account_id, agent_id, contact_id)))`.execute(
    db,
  );
  await sql`CREATE INDEX conversation_status ON conversation (space_id, status, owner, id)`.execute(db);
  await sql`CREATE INDEX conversation_channel ON conversation (space_id, channel_id, id)`.execute(db);
  await sql`CREATE INDEX conversation_assignee ON conversation (space_id, assignee, id) WHERE assignee IS NOT NULL`.execute(
    db,
  );
}
