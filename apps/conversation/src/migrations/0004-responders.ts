import { type Kysely, sql } from 'kysely';

/** The agents that respond, beside the channel's: in the row that every message locks, so that a post reads nothing else. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE conversation ADD COLUMN agent_ids jsonb NOT NULL DEFAULT '[]'`.execute(db);
  await sql`
    UPDATE conversation SET agent_ids = given.ids FROM (
      SELECT p.space_id, p.parent_id, jsonb_agg(p.agent_id ORDER BY p.id) AS ids FROM participant p
      JOIN conversation c ON c.space_id = p.space_id AND c.id = p.parent_id
      WHERE p.agent_id IS NOT NULL AND p.auto_respond AND p.agent_id IS DISTINCT FROM c.target->>'agentId'
      GROUP BY p.space_id, p.parent_id) AS given
    WHERE conversation.space_id = given.space_id AND conversation.id = given.parent_id`.execute(db);
}
