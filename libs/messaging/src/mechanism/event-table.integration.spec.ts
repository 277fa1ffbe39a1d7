import { sql } from 'kysely';
import { type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { MaintenanceRepository } from './maintenance.repository.ts';

describe('events kept by day', () => {
  let bench: MechanismBench;
  let maintenance: MaintenanceRepository;

  beforeAll(async () => {
    bench = await openMechanismBench({ keepEventsDays: 30 });
    maintenance = new MaintenanceRepository(bench.runner);
  });

  afterAll(() => bench.close());

  const partitions = async (): Promise<string[]> => {
    const { rows } = await sql<{ name: string }>`
      SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'event'::regclass ORDER BY 1`.execute(
      bench.runner.kysely,
    );
    return rows.map(({ name }) => name);
  };

  const insert = async (key: string, daysAgo: number): Promise<number> => {
    const { rows } = await sql<{ id: number }>`
      INSERT INTO event (event_id, space_id, name, key, data, occurred_at)
      VALUES (${key}, 'space_a', 'channel.tested', ${key}, '{}', now() - ${daysAgo} * interval '1 day') RETURNING id`.execute(
      bench.runner.kysely,
    );
    return rows[0]?.id ?? 0;
  };

  const keys = async (): Promise<string[]> => {
    const { rows } = await sql<{ key: string }>`SELECT key FROM event ORDER BY key`.execute(
      bench.runner.kysely,
    );
    return rows.map(({ key }) => key);
  };

  it('has partitions for today and a week ahead, and makes none twice', async () => {
    const before = await partitions();
    expect(before).toHaveLength(9);
    await Promise.all([maintenance.maintainPartitions(), maintenance.maintainPartitions()]);
    expect(await partitions()).toEqual(before);
  });

  it('takes rows of days without partition, and moves them when theirs is made', async () => {
    await insert('far', -9);
    await insert('now', 0);
    expect((await keys()).sort()).toEqual(['far', 'now']);
    await maintenance.maintainPartitions();
    expect((await keys()).sort()).toEqual(['far', 'now']);
  });

  it('forgets what is older than its stream, but never what is not yet published', async () => {
    const id = await insert('old', 40);
    await sql`
      INSERT INTO outbox (shard, event_id, space_id, key, occurred_at)
      SELECT 'CHANNEL', id, space_id, key, occurred_at FROM event WHERE id = ${id}`.execute(
      bench.runner.kysely,
    );
    await maintenance.maintainPartitions();
    expect(await keys()).toContain('old');
    await sql`DELETE FROM outbox`.execute(bench.runner.kysely);
    await maintenance.maintainPartitions();
    expect(await keys()).toEqual(['far', 'now']);
  });

  it('lets the service role read its spaces through the parent alone', async () => {
    const own = await bench.database.withSpaces(['space_a'], (trx) => sql`SELECT * FROM event`.execute(trx));
    expect(own.rows).toHaveLength(2);
    const foreign = await bench.database.withSpaces(['space_b'], (trx) =>
      sql`SELECT * FROM event`.execute(trx),
    );
    expect(foreign.rows).toEqual([]);
    for (const name of await partitions()) {
      const direct = await bench.database.withSpaces(['space_a'], (trx) =>
        sql`SELECT * FROM ${sql.table(name)}`.execute(trx),
      );
      expect(direct.rows).toEqual([]);
    }
  });
});
