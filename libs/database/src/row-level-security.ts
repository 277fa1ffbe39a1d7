import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Settings in which `migrate` tells its migrations the roles. */
export const roleSettings = { service: 'parley.service_role', runner: 'parley.runner_role' } as const;

/** The spaces of the transaction, as an SQL condition on `space_id`; a subquery is evaluated once and not for each row. */
const inSpaces = sql`space_id = any ((select string_to_array(current_setting('app.spaces', true), ','))::text[])`;

/** The same, and open for account-wide rows (space `_`). */
const inSpacesOrAccountWide = sql`(space_id = '_' or ${inSpaces})`;

async function roleName<T>(db: Kysely<T>, role: keyof typeof roleSettings): Promise<string> {
  const { rows } = await sql<{
    name: string;
  }>`select current_setting(${roleSettings[role]}, true) as name`.execute(db);
  const name = rows[0]?.name;
  if (!name) throw new Error(`The setting ${roleSettings[role]} is empty: run migrations through migrate().`);
  return name;
}

/** Turns row-level security on, for the table's owner too. */
export async function forceRowLevelSecurity<T>(db: Kysely<T>, table: string): Promise<void> {
  await sql`alter table ${sql.table(table)} enable row level security, force row level security`.execute(db);
}

/**
 * The policy by which the service role sees and writes only rows of its transaction's spaces. Migrations and
 * SECURITY DEFINER functions run as the owner, who sees every row.
 * @param options.accountWide also lets rows of space `_` through.
 */
export async function spacesPolicy<T>(
  db: Kysely<T>,
  table: string,
  options: { accountWide?: boolean } = {},
): Promise<void> {
  const service = sql.id(await roleName(db, 'service'));
  const condition = options.accountWide ? inSpacesOrAccountWide : inSpaces;
  await sql`create policy spaces on ${sql.table(table)} to ${service} using (${condition}) with check (${condition})`.execute(
    db,
  );
  await sql`create policy owner on ${sql.table(table)} to current_user using (true) with check (true)`.execute(
    db,
  );
}

/**
 * Makes a freshly created table a tenant table: forced row-level security, the policy on `app.spaces`, rights of the
 * service role. The table has a column `space_id text` that leads its primary key.
 */
export async function tenantTable<T>(db: Kysely<T>, table: string): Promise<void> {
  await forceRowLevelSecurity(db, table);
  await spacesPolicy(db, table);
  const service = sql.id(await roleName(db, 'service'));
  await sql`grant select, insert, update, delete on ${sql.table(table)} to ${service}`.execute(db);
}

/** Lets the runner role read and write every row of a table, whatever its space. */
export async function grantToRunner<T>(db: Kysely<T>, table: string): Promise<void> {
  const runner = sql.id(await roleName(db, 'runner'));
  await sql`grant select, insert, update, delete on ${sql.table(table)} to ${runner}`.execute(db);
  const { rows } = await sql<{ secured: boolean }>`
    select relrowsecurity as secured from pg_class where oid = ${table}::regclass`.execute(db);
  if (!rows[0]?.secured) return;
  await sql`create policy runner on ${sql.table(table)} to ${runner} using (true) with check (true)`.execute(
    db,
  );
}

/** A function that runs with the owner's rights. */
export interface DefinerFunction {
  name: string;
  /** Arguments as in CREATE FUNCTION, for example `key_hash text`. */
  args: string;
  /** For example `table (space_id text, id text)`: ids only, nothing secret. */
  returns: string;
  /** SQL or PL/pgSQL body. */
  body: string;
  language?: 'sql' | 'plpgsql';
  /** Who may call it; the service role unless said. */
  callers?: readonly (keyof typeof roleSettings)[];
}

/**
 * Creates a SECURITY DEFINER function for what must run before the space is known. Its `search_path` is the schema it
 * is created in; nobody but the named roles may call it.
 */
export async function definerFunction<T>(db: Kysely<T>, definition: DefinerFunction): Promise<void> {
  const { name, args, returns, body, language = 'sql', callers = ['service'] } = definition;
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db);
  const schema = sql.id(rows[0]?.schema ?? 'public');
  await sql`create or replace function ${sql.id(name)}(${sql.raw(args)}) returns ${sql.raw(returns)}
    language ${sql.raw(language)} security definer set search_path = ${schema}, pg_temp
    as ${sql.lit(body)}`.execute(db);
  await sql`revoke all on function ${sql.id(name)} from public`.execute(db);
  for (const caller of callers) {
    await sql`grant execute on function ${sql.id(name)} to ${sql.id(await roleName(db, caller))}`.execute(db);
  }
}
