import { definerFunction } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/**
 * Every conversation is in the lists from its first moment, also one that a pod of the version before begins while it still
 * runs beside the new ones: it knows nothing of activity. What such a pod has begun meanwhile gets its row here.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'begin_activity',
    args: '',
    returns: 'trigger',
    language: 'plpgsql',
    callers: [],
    body: `
BEGIN
  INSERT INTO conversation_activity (space_id, conversation_id, at)
  VALUES (NEW.space_id, NEW.id, date_trunc('milliseconds', NEW.created_at)) ON CONFLICT DO NOTHING;
  RETURN NULL;
END`,
  });
  await sql`
    CREATE TRIGGER begin_activity AFTER INSERT ON conversation FOR EACH ROW EXECUTE FUNCTION begin_activity()`.execute(
    db,
  );
  await sql`
    INSERT INTO conversation_activity (space_id, conversation_id, at)
    SELECT c.space_id, c.id, date_trunc('milliseconds', coalesce(newest.created_at, c.created_at)) FROM conversation c
    LEFT JOIN LATERAL (
      SELECT m.created_at FROM message m
      WHERE m.space_id = c.space_id AND m.conversation_id = c.id ORDER BY m.sequence DESC LIMIT 1) AS newest ON true
    WHERE NOT EXISTS (
      SELECT FROM conversation_activity a WHERE a.space_id = c.space_id AND a.conversation_id = c.id)`.execute(
    db,
  );
}
