import { forceRowLevelSecurity, grantToRunner, spacesPolicy } from '@parley/database';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { createEventsByDay, createEventsByKey } from './event-table.migration.ts';

const SPACE_TABLES = [
  'event',
  'outbox',
  'bucket_entry',
  'inbox',
  'key_sequence',
  'task',
  'parked',
  'command',
];
const PLAIN_TABLES = ['position', 'attempt', 'lease'];

/** What differs between services. */
export interface MechanismOptions {
  /**
   * Days for which events are kept, as long as their stream keeps them. Unless given they are kept until the service
   * deletes them, for services whose events are the history people read.
   */
  keepEventsDays?: number;
}

/**
 * The tables that every service's schema has: event log and outbox, consumers' positions and what they have seen, leases, tasks,
 * what was parked, and answers of commands. The runner role sees every space in them.
 */
export function createMechanismMigrations(options: MechanismOptions = {}): Record<string, Migration> {
  return {
    '0000-mechanism': {
      up: async (db: Kysely<unknown>) => {
        await createOutbox(db);
        await (options.keepEventsDays === undefined
          ? createEventsByKey(db)
          : createEventsByDay(db, options.keepEventsDays));
        await createConsumers(db);
        await createTasks(db);
        await createAnswers(db);
        for (const table of SPACE_TABLES) await protect(db, table);
        for (const table of PLAIN_TABLES) await grantToRunner(db, table);
      },
    },
    '0001-task-key': {
      up: async (db: Kysely<unknown>) => {
        await sql`CREATE INDEX task_key ON task (queue, space_id, key)`.execute(db);
      },
    },
    '0002-spaces-once': { up: readSpacesOnce },
  };
}

/** Mechanism tables of a service that keeps its events. */
export const mechanismMigrations: Record<string, Migration> = createMechanismMigrations();

async function createOutbox(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE SEQUENCE event_id_seq CACHE 1`.execute(db);
  await sql`
    CREATE TABLE outbox (
      shard text NOT NULL, event_id bigint NOT NULL, space_id text NOT NULL, key text NOT NULL, occurred_at timestamptz NOT NULL, entry jsonb,
      PRIMARY KEY (shard, event_id))
    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)`.execute(
    db,
  );
  await sql`
    CREATE TABLE bucket_entry (
      bucket text NOT NULL, key text NOT NULL, space_id text NOT NULL, version bigint NOT NULL, value jsonb,
      PRIMARY KEY (bucket, key))`.execute(db);
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
  await sql`CREATE INDEX inbox_age ON inbox USING brin (received_at)`.execute(db);
  await sql`
    CREATE TABLE key_sequence (
      consumer text NOT NULL, key text NOT NULL, space_id text NOT NULL, sequence bigint NOT NULL,
      PRIMARY KEY (consumer, key)) WITH (fillfactor = 70)`.execute(db);
  await sql`
    CREATE TABLE lease (
      name text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL, until timestamptz NOT NULL)
    WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01)`.execute(db);
}

async function createTasks(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE task (
      queue text NOT NULL, id text NOT NULL, no bigint GENERATED ALWAYS AS IDENTITY, shard integer NOT NULL, key text NOT NULL, space_id text NOT NULL,
      payload jsonb NOT NULL, traceparent text, due_at timestamptz NOT NULL DEFAULT clock_timestamp(), attempts integer NOT NULL DEFAULT 0,
      lease_epoch bigint NOT NULL DEFAULT 0, retrying boolean NOT NULL DEFAULT false, last_error text, created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, queue, id))
    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)`.execute(
    db,
  );
  await sql`CREATE INDEX task_order ON task (queue, shard, no)`.execute(db);
  await sql`CREATE INDEX task_due ON task (queue, shard, due_at)`.execute(db);
  await sql`CREATE INDEX task_retrying ON task (queue, space_id, key, no) WHERE retrying`.execute(db);
}

async function createAnswers(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE parked (
      id text PRIMARY KEY, source text NOT NULL, consumer text NOT NULL, key text NOT NULL, space_id text NOT NULL, no bigint GENERATED ALWAYS AS IDENTITY,
      name text NOT NULL, content jsonb NOT NULL, reason text NOT NULL, attempts integer NOT NULL, replay boolean NOT NULL DEFAULT false,
      parked_at timestamptz NOT NULL DEFAULT now())`.execute(db);
  await sql`CREATE INDEX parked_key ON parked (consumer, key, no)`.execute(db);
  await sql`CREATE INDEX parked_replay ON parked (consumer, no) WHERE replay`.execute(db);
  await sql`
    CREATE TABLE command (
      scope text NOT NULL, key text NOT NULL, space_id text NOT NULL, request_id text NOT NULL, request_hash text NOT NULL, status integer, answer text,
      sealed boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL,
      PRIMARY KEY (scope, key))`.execute(db);
  await sql`CREATE INDEX command_expiry ON command (expires_at)`.execute(db);
}

/** Policies of older schemas evaluate the spaces of the transaction for each row. */
async function readSpacesOnce(db: Kysely<unknown>): Promise<void> {
  await sql`
    DO $$
    DECLARE
      each_row text := 'string_to_array(current_setting(''app.spaces''::text, true), '',''::text)';
      once text := '((SELECT ' || each_row || ')::text[])';
      one record;
    BEGIN
      FOR one IN
        SELECT tablename, policyname, qual, with_check FROM pg_policies
        WHERE schemaname = current_schema() AND position('SELECT' IN qual) = 0 AND position(each_row IN qual) > 0
      LOOP
        EXECUTE format('ALTER POLICY %I ON %I USING (%s) WITH CHECK (%s)', one.policyname, one.tablename,
          replace(one.qual, each_row, once), replace(coalesce(one.with_check, one.qual), each_row, once));
      END LOOP;
    END $$`.execute(db);
}

/** Rows of a space for the service, account-wide rows (`_`) always, everything for the runner. */
async function protect(db: Kysely<unknown>, table: string): Promise<void> {
  await forceRowLevelSecurity(db, table);
  await spacesPolicy(db, table, { accountWide: true });
  await grantToRunner(db, table);
}
