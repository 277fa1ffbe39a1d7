import { forceRowLevelSecurity, grantToRunner, spacesPolicy } from '@parley/database';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const EVENT_PARTITIONS = 8;
const SPACE_TABLES = ['event', 'outbox', 'inbox', 'key_sequence', 'task', 'parked', 'command'];
const PLAIN_TABLES = ['position', 'attempt', 'lease'];

/**
 * The tables that every service's schema has: event log and outbox, consumers' positions and what they have seen, leases, tasks,
 * what was parked, and answers of commands. The runner role sees every space in them.
 */
export const mechanismMigrations: Record<string, Migration> = {
  '0000-mechanism': {
    up: async (db: Kysely<unknown>) => {
      await createEventLog(db);
      await createConsumers(db);
      await createWork(db);
      for (const table of SPACE_TABLES) await protect(db, table);
      for (const table of PLAIN_TABLES) await grantToRunner(db, table);
    },
  },
};

async function createEventLog(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE SEQUENCE event_id_seq CACHE 1`.execute(db);
  await sql`
    CREATE TABLE event (
      id bigint NOT NULL DEFAULT nextval('event_id_seq'), event_id text NOT NULL, space_id text NOT NULL, name text NOT NULL, key text NOT NULL,
      sequence bigint, data jsonb NOT NULL, traceparent text, occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (key, id)) PARTITION BY HASH (key)`.execute(db);
  for (let index = 0; index < EVENT_PARTITIONS; index += 1) {
    await sql`
      CREATE TABLE ${sql.table(`event_${index}`)} PARTITION OF event
      FOR VALUES WITH (MODULUS ${sql.lit(EVENT_PARTITIONS)}, REMAINDER ${sql.lit(index)})`.execute(db);
    // Rows are reached through the parent and its policies alone.
    await forceRowLevelSecurity(db, `event_${index}`);
  }
  await sql`CREATE UNIQUE INDEX event_sequence ON event (key, sequence)`.execute(db);
  await sql`
    CREATE TABLE outbox (
      shard text NOT NULL, event_id bigint NOT NULL, space_id text NOT NULL, key text NOT NULL, entry jsonb,
      PRIMARY KEY (shard, event_id)) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)`.execute(
    db,
  );
}

async function createConsumers(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE position (
      consumer text NOT NULL, partition integer NOT NULL, stream_epoch text NOT NULL, position bigint NOT NULL, lease_epoch bigint NOT NULL,
      PRIMARY KEY (consumer, partition)) WITH (fillfactor = 50)`.execute(db);
  await sql`
    CREATE TABLE attempt (
      consumer text NOT NULL, partition integer NOT NULL, position bigint NOT NULL, attempts integer NOT NULL,
      PRIMARY KEY (consumer, partition, position))`.execute(db);
  await sql`
    CREATE TABLE inbox (
      consumer text NOT NULL, event_id text NOT NULL, space_id text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (consumer, event_id))`.execute(db);
  await sql`
    CREATE TABLE key_sequence (
      consumer text NOT NULL, key text NOT NULL, space_id text NOT NULL, sequence bigint NOT NULL,
      PRIMARY KEY (consumer, key)) WITH (fillfactor = 70)`.execute(db);
  await sql`
    CREATE TABLE lease (
      name text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL, until timestamptz NOT NULL) WITH (fillfactor = 50)`.execute(
    db,
  );
}

async function createWork(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE task (
      queue text NOT NULL, id text NOT NULL, no bigint GENERATED ALWAYS AS IDENTITY, shard integer NOT NULL, key text NOT NULL, space_id text NOT NULL,
      payload jsonb NOT NULL, traceparent text, due_at timestamptz NOT NULL DEFAULT now(), attempts integer NOT NULL DEFAULT 0,
      lease_epoch bigint, last_error text, created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (queue, id)) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)`.execute(db);
  await sql`CREATE INDEX task_order ON task (queue, shard, no)`.execute(db);
  await sql`CREATE INDEX task_key ON task (queue, key, no)`.execute(db);
  await sql`
    CREATE TABLE parked (
      id text PRIMARY KEY, source text NOT NULL, consumer text NOT NULL, key text NOT NULL, space_id text NOT NULL, no bigint GENERATED ALWAYS AS IDENTITY,
      name text NOT NULL, content jsonb NOT NULL, reason text NOT NULL, attempts integer NOT NULL, replay boolean NOT NULL DEFAULT false,
      parked_at timestamptz NOT NULL DEFAULT now())`.execute(db);
  await sql`CREATE INDEX parked_key ON parked (consumer, key, no)`.execute(db);
  await sql`
    CREATE TABLE command (
      scope text NOT NULL, key text NOT NULL, space_id text NOT NULL, request_id text NOT NULL, request_hash text NOT NULL, status integer, answer text,
      sealed boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL,
      PRIMARY KEY (scope, key))`.execute(db);
  await sql`CREATE INDEX command_expiry ON command (expires_at)`.execute(db);
}

/** Rows of a space for the service, account-wide rows (`_`) always, everything for the runner. */
async function protect(db: Kysely<unknown>, table: string): Promise<void> {
  await forceRowLevelSecurity(db, table);
  await spacesPolicy(db, table, { accountWide: true });
  await grantToRunner(db, table);
}
