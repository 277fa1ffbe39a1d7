import { createTestDatabase } from '@parley/testing';
import pg from 'pg';
import { isRetryable } from './errors.ts';
import { PreparingClient } from './preparing-client.ts';

describe('a client that prepares statements', () => {
  let drop: () => Promise<void>;
  let client: pg.Client;

  beforeAll(async () => {
    const database = await createTestDatabase();
    drop = database.drop;
    client = new PreparingClient({ connectionString: database.ownerUrl });
    await client.connect();
    await client.query('CREATE TABLE thing (id int, name text)');
    await client.query("INSERT INTO thing VALUES (1, 'one'), (2, 'two')");
  });

  afterAll(async () => {
    await client.end();
    await drop();
  });

  const prepared = async (): Promise<number> => {
    const { rows } = await client.query<{ count: string }>(
      'SELECT count(*) AS count FROM pg_prepared_statements',
    );
    return Number(rows[0]?.count);
  };
  const ask = (id: number): Promise<pg.QueryResult<{ name: string }>> =>
    client.query('SELECT * FROM thing WHERE id = $1', [id]);

  it('prepares what it is asked a second time, and answers the same', async () => {
    expect((await ask(1)).rows[0]?.name).toBe('one');
    expect(await prepared()).toBe(0);
    expect((await ask(2)).rows[0]?.name).toBe('two');
    expect((await ask(1)).rows[0]?.name).toBe('one');
    expect(await prepared()).toBe(1);
  });

  it('lets statements without values through, also several at once', async () => {
    await client.query('BEGIN; SET LOCAL lock_timeout = 100', []);
    await client.query('COMMIT', []);
  });

  it('prepares anew what a migration has changed; the failure may be repeated', async () => {
    await ask(1);
    await client.query('ALTER TABLE thing ADD COLUMN colour text');
    const failure: unknown = await ask(1).catch((error: unknown) => error);
    expect(isRetryable(failure)).toBe(true);
    expect((await ask(1)).rows[0]).toMatchObject({ name: 'one', colour: null });
    expect((await ask(2)).rows[0]).toMatchObject({ name: 'two', colour: null });
  });

  it('keeps a bounded number of statements prepared', async () => {
    for (let column = 0; column < 300; column += 1)
      for (let time = 0; time < 2; time += 1) await client.query(`SELECT $1::int AS c${column}`, [1]);
    expect(await prepared()).toBeLessThanOrEqual(260);
  });
});
