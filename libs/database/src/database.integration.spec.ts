import { createTestDatabase } from '@parley/testing';
import type { TestDatabase } from '@parley/testing';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import {
  createDatabase,
  definerFunction,
  grantToRunner,
  isRetryable,
  migrate,
  sleep,
  tenantTable,
  TransactionOpenError,
} from './index.ts';
import type { Database, MigrateOptions } from './index.ts';

interface Tables {
  note: { space_id: string; id: string; text: string; count: number };
}

const migrations: Record<string, Migration> = {
  '0001_note': {
    up: async (db: Kysely<unknown>) => {
      await sql`create table note (space_id text, id text, text text not null, count bigint not null default 0, primary key (space_id, id))`.execute(
        db,
      );
      await tenantTable(db, 'note');
      await sql`create table wheel (name text primary key)`.execute(db);
      await grantToRunner(db, 'wheel');
      await definerFunction(db, {
        name: 'note_space',
        args: 'wanted text',
        returns: 'table (space_id text)',
        body: 'select note.space_id from note where note.id = wanted',
      });
    },
  },
};

describe('Database', () => {
  let server: TestDatabase;
  let options: MigrateOptions;
  let database: Database<Tables>;
  let runner: Database<Tables>;

  beforeAll(async () => {
    server = await createTestDatabase();
    options = {
      ownerUrl: server.ownerUrl,
      serviceUrl: server.urlFor('parley_library'),
      runnerUrl: server.urlFor('parley_library_runner'),
      domain: 'library',
      migrations: [migrations],
    };
    // Several processes of several services migrate at once.
    const other = {
      ...options,
      serviceUrl: server.urlFor('parley_other'),
      runnerUrl: server.urlFor('parley_other_runner'),
    };
    await Promise.all([migrate(options), migrate(options), migrate({ ...other, domain: 'other' })]);
    database = createDatabase({ url: options.serviceUrl, applicationName: 'spec', poolSize: 4 });
    runner = createDatabase({ url: options.runnerUrl, applicationName: 'spec', poolSize: 2 });
    await database.withSpaces(['space_a', 'space_b'], async (trx) => {
      await trx
        .insertInto('note')
        .values([
          { space_id: 'space_a', id: 'note_1', text: 'of a', count: 1 },
          { space_id: 'space_b', id: 'note_2', text: 'of b', count: 2 },
        ])
        .execute();
    });
  });

  afterAll(async () => {
    await database.close();
    await runner.close();
    await server.drop();
  });

  const idsSeen = (spaces: string[]): Promise<string[]> =>
    database.withSpaces(spaces, async (trx) => {
      const rows = await trx.selectFrom('note').select('id').orderBy('id').execute();
      return rows.map(({ id }) => id);
    });

  it('shows the rows of the transaction’s spaces and no others', async () => {
    expect(await idsSeen(['space_a'])).toEqual(['note_1']);
    expect(await idsSeen(['space_a', 'space_b'])).toEqual(['note_1', 'note_2']);
    expect(await idsSeen(['space_c'])).toEqual([]);
    expect(await idsSeen([])).toEqual([]);
  });

  it('keeps nothing of a transaction’s spaces for the next user of the connection', async () => {
    await Promise.all(Array.from({ length: 8 }, () => idsSeen(['space_a'])));
    const { rows } = await sql`select id from note`.execute(database.kysely);
    expect(rows).toEqual([]);
  });

  it('refuses to write, move or delete rows of a foreign space', async () => {
    const foreign = { space_id: 'space_b', id: 'note_9', text: 'planted', count: 0 };
    await expect(
      database.withSpaces(['space_a'], (trx) => trx.insertInto('note').values(foreign).execute()),
    ).rejects.toThrow(/row-level security/u);
    await expect(
      database.withSpaces(['space_a'], (trx) =>
        trx.updateTable('note').set({ space_id: 'space_b' }).execute(),
      ),
    ).rejects.toThrow(/row-level security/u);
    const deleted = await database.withSpaces(['space_a'], (trx) =>
      trx.deleteFrom('note').where('id', '=', 'note_2').executeTakeFirst(),
    );
    expect(deleted.numDeletedRows).toBe(0n);
    expect(await idsSeen(['space_b'])).toEqual(['note_2']);
  });

  it('refuses what is no space id, so that none can smuggle in another', async () => {
    await expect(idsSeen(["space_a','space_b"])).rejects.toThrow('is not a space id');
    await expect(idsSeen(['space_a,space_b'])).rejects.toThrow('is not a space id');
  });

  it('keeps the runner role off tenant tables and lets it at mechanism tables', async () => {
    await expect(sql`select * from note`.execute(runner.kysely)).rejects.toThrow(/permission denied/u);
    await sql`insert into wheel (name) values ('one')`.execute(runner.kysely);
    const { rows } = await sql`select name from wheel`.execute(runner.kysely);
    expect(rows).toEqual([{ name: 'one' }]);
  });

  it('keeps services out of one another’s schemas and of the record of migrations', async () => {
    await expect(sql`select * from other.migration`.execute(database.kysely)).rejects.toThrow(
      /permission denied/u,
    );
    await expect(sql`delete from migration`.execute(database.kysely)).rejects.toThrow(/permission denied/u);
  });

  it('finds the space of an id through a definer function that only the service may call', async () => {
    const { rows } = await sql`select * from note_space('note_2')`.execute(database.kysely);
    expect(rows).toEqual([{ space_id: 'space_b' }]);
    await expect(sql`select * from note_space('note_2')`.execute(runner.kysely)).rejects.toThrow(
      /permission denied/u,
    );
  });

  it('runs callbacks after the commit, and never after a rollback', async () => {
    const seen: string[] = [];
    await database.withSpaces(['space_a'], async (trx) => {
      database.afterCommit(trx, () => seen.push('committed'));
      await trx.updateTable('note').set({ text: 'changed' }).execute();
      expect(seen).toEqual([]);
    });
    const failing = database.withSpaces(['space_a'], async (trx) => {
      database.afterCommit(trx, () => seen.push('rolled back'));
      await trx.updateTable('note').set({ text: 'lost' }).execute();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(seen).toEqual(['committed']);
    expect(() => database.afterCommit({}, () => undefined)).toThrow('withSpaces');
    const text = await database.withSpaces(['space_a'], (trx) =>
      trx.selectFrom('note').select(['text', 'count']).executeTakeFirstOrThrow(),
    );
    expect(text).toEqual({ text: 'changed', count: 1 });
  });

  it('ends a transaction whose process froze, as a retryable failure', async () => {
    const frozen = database.withSpaces(['space_a'], async (trx) => {
      await trx.updateTable('note').set({ text: 'frozen' }).execute();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await trx.updateTable('note').set({ text: 'thawed' }).execute();
    });
    const error: unknown = await frozen.catch((caught: unknown) => caught);
    expect(isRetryable(error)).toBe(true);
    expect(await idsSeen(['space_a'])).toEqual(['note_1']);
  });

  it('gives up waiting for a lock after a second', async () => {
    const isHeld = Promise.withResolvers<void>();
    const isTried = Promise.withResolvers<void>();
    const first = database.withSpaces(['space_a'], async (trx) => {
      await trx.updateTable('note').set({ text: 'held' }).execute();
      const keepAlive = setInterval(() => void sql`select 1`.execute(trx), 200);
      isHeld.resolve();
      await isTried.promise;
      clearInterval(keepAlive);
    });
    await isHeld.promise;
    const second = database.withSpaces(['space_a'], (trx) =>
      trx.updateTable('note').set({ text: 'late' }).execute(),
    );
    const error: unknown = await second.catch((caught: unknown) => caught);
    isTried.resolve();
    await first;
    expect((error as { code?: string }).code).toBe('55P03');
  });

  it('refuses what waits inside a transaction, another transaction included', async () => {
    const inside = (work: () => Promise<unknown>): Promise<unknown> => database.withSpaces(['space_a'], work);
    await expect(inside(() => sleep(1))).rejects.toThrow(TransactionOpenError);
    await expect(inside(() => database.withSpaces([], () => Promise.resolve()))).rejects.toThrow(
      'Another transaction was started inside an open transaction',
    );
    // Also several calls deeper, and in parallel branches.
    await expect(inside(() => Promise.all([Promise.resolve().then(() => sleep(1))]))).rejects.toThrow(
      TransactionOpenError,
    );
  });

  it('lets wait what goes on after a transaction, or runs once it has committed', async () => {
    const background = { work: Promise.resolve() as Promise<unknown> };
    const committed = Promise.withResolvers<void>();
    const isOver = Promise.withResolvers<void>();
    await database.withSpaces(['space_a'], (trx) => {
      background.work = isOver.promise.then(() => sleep(1));
      database.afterCommit(trx, () => void sleep(1).then(committed.resolve, committed.reject));
      return Promise.resolve();
    });
    isOver.resolve();
    await Promise.all([background.work, committed.promise]);
  });

  it('says how to mend a service that logs in as the owner', async () => {
    await expect(migrate({ ...options, serviceUrl: server.ownerUrl })).rejects.toThrow('roles of their own');
  });
});
