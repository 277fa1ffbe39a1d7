import { type Kysely, sql } from 'kysely';

/**
 * Changes of messages are deliveries, too: what a delivery hands over, the event that it came of, where it goes, and when
 * it is attempted again. Deliveries that stand are of the kind `message` and have no source of their own.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE delivery ADD COLUMN kind text NOT NULL DEFAULT 'message', ADD COLUMN source_id text, ADD COLUMN to_address text,
      ADD COLUMN in_reply_to text, ADD COLUMN provider_message_id text, ADD COLUMN next_attempt_at timestamptz`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX delivery_source ON delivery (space_id, (coalesce(source_id, message_id)))`.execute(
    db,
  );
  await sql`DROP INDEX delivery_message`.execute(db);
  await sql`CREATE INDEX delivery_of_message ON delivery (space_id, message_id)`.execute(db);
  await sql`CREATE INDEX delivery_of_conversation ON delivery (space_id, conversation_id) WHERE to_address IS NOT NULL`.execute(
    db,
  );
}
