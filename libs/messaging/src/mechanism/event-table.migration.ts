import { definerFunction, forceRowLevelSecurity } from '@parley/database';
import { type Kysely, sql } from 'kysely';

const KEY_PARTITIONS = 8;

/** Days for which partitions exist before they are needed. */
const DAYS_AHEAD = 7;

const columns = sql`
  id bigint NOT NULL DEFAULT nextval('event_id_seq'), event_id text NOT NULL, space_id text NOT NULL, name text NOT NULL, key text NOT NULL,
  sequence bigint, data jsonb NOT NULL, traceparent text, occurred_at timestamptz NOT NULL DEFAULT clock_timestamp()`;

/** Events kept as long as what they tell of: spread over the keys, each key's history in one index. */
export async function createEventsByKey(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TABLE event (${columns}, PRIMARY KEY (key, id)) PARTITION BY HASH (key)`.execute(db);
  for (let index = 0; index < KEY_PARTITIONS; index += 1) {
    await sql`
      CREATE TABLE ${sql.table(`event_${index}`)} PARTITION OF event
      FOR VALUES WITH (MODULUS ${sql.lit(KEY_PARTITIONS)}, REMAINDER ${sql.lit(index)})`.execute(db);
    // Rows are reached through the parent and its policies alone.
    await forceRowLevelSecurity(db, `event_${index}`);
  }
  await sql`CREATE UNIQUE INDEX event_sequence ON event (key, sequence)`.execute(db);
}

/** Events kept as long as their stream: a partition a day, made ahead and dropped whole by `event_maintain()`. */
export async function createEventsByDay(db: Kysely<unknown>, keepDays: number): Promise<void> {
  await sql`CREATE TABLE event (${columns}, PRIMARY KEY (key, id, occurred_at)) PARTITION BY RANGE (occurred_at)`.execute(
    db,
  );
  await sql`CREATE TABLE event_rest PARTITION OF event DEFAULT`.execute(db);
  await forceRowLevelSecurity(db, 'event_rest');
  await sql`CREATE INDEX event_sequence ON event (key, sequence)`.execute(db);
  await definerFunction(db, {
    name: 'event_maintain',
    args: '',
    returns: 'void',
    language: 'plpgsql',
    body: maintainBody(keepDays),
    callers: ['runner'],
  });
  await sql`SELECT event_maintain()`.execute(db);
}

/** Days after today get their partitions, rows that came when there was none move in; days past go when all is published. */
function maintainBody(keepDays: number): string {
  return `
DECLARE
  day date;
  part text;
BEGIN
  PERFORM set_config('TimeZone', 'UTC', true);
  PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.event', 0));
  FOR day IN SELECT generate_series(current_date, current_date + ${DAYS_AHEAD}, interval '1 day')::date LOOP
    part := 'event_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING DEFAULTS)', part);
    EXECUTE format('WITH moved AS (DELETE FROM event WHERE occurred_at >= %L AND occurred_at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
      day::timestamptz, (day + 1)::timestamptz, part);
    EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, day::timestamptz, (day + 1)::timestamptz);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
  END LOOP;
  FOR part IN
    SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'event'::regclass AND child.relname ~ '^event_[0-9]{8}$'
      AND to_date(substr(child.relname, 7), 'YYYYMMDD') < current_date - ${keepDays}
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM outbox WHERE entry IS NULL AND occurred_at < (to_date(substr(part, 7), 'YYYYMMDD') + 1)::timestamptz);
    EXECUTE format('DROP TABLE %I', part);
  END LOOP;
  DELETE FROM event WHERE occurred_at < (current_date - ${keepDays})::timestamptz
    AND NOT EXISTS (SELECT FROM outbox WHERE entry IS NULL AND outbox.occurred_at < (current_date - ${keepDays})::timestamptz);
END`;
}
