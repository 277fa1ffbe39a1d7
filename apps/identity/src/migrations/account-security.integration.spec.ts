import { createDatabase } from '@parley/database';
import { spaceKeyMigrations } from '@parley/service';
import { createTables } from '@parley/service/testing';
import { createTestDatabase } from '@parley/testing';
import type { Tables } from '../database.ts';
import { migrations } from './index.ts';

const { '0004-account-security': accountSecurity, ...former } = migrations;

test('an installation from before keeps its accounts, as verified ones, and learns who made its keys', async () => {
  const server = await createTestDatabase();
  await createTables(server, 'identity', [spaceKeyMigrations, former]);
  const url = server.urlFor('parley_identity');
  const database = createDatabase<Tables>({ url, applicationName: 'spec', poolSize: 2 });
  const spaceId = 'space_a';
  const made = (targetId: string, actorType: string, actorId: string) => ({
    ...{ space_id: spaceId, action: 'api_key.created', target_id: targetId, id: `aud_${targetId}` },
    ...{ actor_type: actorType, actor_id: actorId },
  });
  await database.withSpaces([spaceId], async (trx) => {
    await trx
      .insertInto('account')
      .values({ id: 'acc_a', email: 'a@example.org', name: 'Ada', password_hash: 'x' })
      .execute();
    for (const id of ['key_1', 'key_2', 'key_3', 'key_4'])
      await trx
        .insertInto('api_key')
        .values({
          space_id: spaceId,
          id,
          name: id,
          role: 'admin',
          secret_hash: 'x',
          last_four: 'xxxx',
        } as never)
        .execute();
    await trx
      .insertInto('audit_entry')
      .values([
        made('key_1', 'account', 'acc_a'),
        made('key_2', 'api_key', 'key_1'),
        made('key_3', 'api_key', 'key_2'),
      ])
      .execute();
  });
  await createTables(server, 'identity', [spaceKeyMigrations, migrations]);
  expect(accountSecurity).toBeDefined();
  const { accounts, keys } = await database.withSpaces([spaceId], async (trx) => ({
    accounts: await trx.selectFrom('account').select(['id', 'email_verified']).execute(),
    keys: await trx.selectFrom('api_key').select(['id', 'created_by']).orderBy('id').execute(),
  }));
  expect(accounts).toEqual([{ id: 'acc_a', email_verified: true }]);
  expect(keys.map(({ created_by: maker }) => maker)).toEqual(['acc_a', 'acc_a', 'acc_a', null]);
  await database.close();
  await server.drop();
});
