import { tenantTable } from '@parley/database';
import { shardOfKey } from '@parley/messaging';
import { type Kysely, sql } from 'kysely';

/** Queue of the tasks that normalise identities written before this migration; stored. */
export const ADDRESSES_QUEUE = 'contact_addresses';

/** Verified phone numbers and e-mail addresses, one contact each; contacts that became part of others; calls that go on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE contact_address (
      space_id text NOT NULL, type text NOT NULL, value text NOT NULL, contact_id text NOT NULL, channel_id text,
      created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, type, value))`.execute(db);
  await sql`CREATE INDEX contact_address_contact ON contact_address (space_id, contact_id)`.execute(db);
  await tenantTable(db, 'contact_address');
  await sql`ALTER TABLE contact ADD COLUMN merged_into text`.execute(db);
  await sql`CREATE INDEX contact_merged ON contact (space_id, merged_into) WHERE merged_into IS NOT NULL`.execute(
    db,
  );
  await sql`
    CREATE TABLE live_call (
      space_id text NOT NULL, call_id text NOT NULL, conversation_id text, opened_at timestamptz NOT NULL DEFAULT now(),
      ended_at timestamptz, PRIMARY KEY (space_id, call_id))`.execute(db);
  await sql`CREATE INDEX live_call_conversation ON live_call (space_id, conversation_id) WHERE ended_at IS NULL`.execute(
    db,
  );
  await tenantTable(db, 'live_call');
  await enqueue(db);
}

/** One task for each space that has identities of the old form. */
async function enqueue(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ space_id: string }>`
    SELECT DISTINCT space_id FROM contact_identity WHERE type IN ('phone', 'email', 'whatsapp')`.execute(db);
  for (const { space_id: spaceId } of rows)
    await sql`
      INSERT INTO task (queue, id, shard, key, space_id, payload)
      VALUES (${ADDRESSES_QUEUE}, ${spaceId}, ${shardOfKey(spaceId)}, ${spaceId}, ${spaceId}, '{}') ON CONFLICT DO NOTHING`.execute(
      db,
    );
}
