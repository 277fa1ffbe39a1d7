import pg from 'pg';

/** A role that logs in. */
export interface RoleCredentials {
  name: string;
  password: string;
}

/** The two roles of one schema. */
export interface RolePlan {
  domain: string;
  service: RoleCredentials;
  runner: RoleCredentials;
}

const { escapeIdentifier, escapeLiteral } = pg;

/** A holder frozen inside a transaction, or a lock that is not given, ends after this. */
const guardTimeout = '1s';

async function rejectOwnerRole(owner: pg.Client, plan: RolePlan): Promise<void> {
  const { rows } = await owner.query<{ name: string }>('select current_user as name');
  const ownerName = rows[0]?.name;
  for (const { name } of [plan.service, plan.runner]) {
    if (name !== ownerName) continue;
    throw new Error(
      `The role "${name}" owns the schema, so row-level security would not hold it: give DATABASE_URL and DATABASE_RUNNER_URL roles of their own.`,
    );
  }
}

async function prepareRole(owner: pg.Client, role: RoleCredentials, domain: string): Promise<void> {
  const name = escapeIdentifier(role.name);
  const { rowCount } = await owner.query('select from pg_roles where rolname = $1', [role.name]);
  const password = role.password ? ` password ${escapeLiteral(role.password)}` : '';
  const verb = rowCount ? 'alter' : 'create';
  await owner.query(
    `${verb} role ${name} with login nosuperuser nocreatedb nocreaterole nobypassrls${password}`,
  );
  await owner.query(`alter role ${name} set search_path = ${escapeIdentifier(domain)}`);
  await owner.query(`alter role ${name} set idle_in_transaction_session_timeout = '${guardTimeout}'`);
  await owner.query(`alter role ${name} set lock_timeout = '${guardTimeout}'`);
  await owner.query(`alter role ${name} set synchronous_commit = on`);
}

/** Creates or updates the roles, their settings, the schema and the rights of tables to come. */
export async function prepareRoles(owner: pg.Client, plan: RolePlan): Promise<void> {
  await rejectOwnerRole(owner, plan);
  await prepareRole(owner, plan.service, plan.domain);
  await prepareRole(owner, plan.runner, plan.domain);
  const schema = escapeIdentifier(plan.domain);
  const service = escapeIdentifier(plan.service.name);
  const runner = escapeIdentifier(plan.runner.name);
  await owner.query(`create schema if not exists ${schema}`);
  await owner.query(`grant usage on schema ${schema} to ${service}, ${runner}`);
  await owner.query(
    `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${service}`,
  );
  await owner.query(
    `alter default privileges in schema ${schema} grant usage, select on sequences to ${service}, ${runner}`,
  );
}

/** The record of migrations is the owner's alone. */
export async function revokeMigrationTables(owner: pg.Client, plan: RolePlan): Promise<void> {
  const schema = escapeIdentifier(plan.domain);
  const roles = `${escapeIdentifier(plan.service.name)}, ${escapeIdentifier(plan.runner.name)}`;
  await owner.query(`revoke all on ${schema}.migration, ${schema}.migration_lock from ${roles}`);
}
