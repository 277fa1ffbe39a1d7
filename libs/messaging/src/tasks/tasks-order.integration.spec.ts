import { sql } from 'kysely';
import { type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { TasksRepository } from './tasks.repository.ts';

const claim = { queue: 'delivery', shard: 0, lease: 'task.delivery.0', epoch: 1 };
const length = 128;

describe('the order of a key’s tasks', () => {
  let bench: MechanismBench;
  let repository: TasksRepository;

  beforeAll(async () => {
    bench = await openMechanismBench();
    repository = new TasksRepository(bench.runner);
  });

  beforeEach(() => bench.grant([claim.lease], claim.epoch));

  async function line(): Promise<void> {
    await sql`DELETE FROM task`.execute(bench.runner.kysely);
    const rows = Array.from({ length }, (_value, place) => ({
      queue: claim.queue,
      id: `task_${String(place).padStart(4, '0')}`,
      shard: claim.shard,
      key: 'key',
      spaceId: 'space_a',
      payload: '{}',
      traceparent: null,
      dueAt: null,
      claim: null,
    }));
    await bench.database.withSpaces(['space_a'], (trx) => repository.insert(trx, rows));
  }

  it('holds also while the first falls due again in the midst of a look', async () => {
    await line();
    const firsts = new Set<string>();
    for (let round = 0; round < 100; round += 1) {
      await sql`
        UPDATE task SET lease_epoch = 0, attempts = 0, retrying = id = 'task_0000',
          due_at = CASE WHEN id = 'task_0000' THEN clock_timestamp() + ${Math.random() * 6} * interval '1 millisecond' ELSE due_at END`.execute(
        bench.runner.kysely,
      );
      const {
        tasks: [first],
      } = await repository.load(claim, { limit: length, free: 1, busyKeys: [] });
      if (first) firsts.add(first.id);
    }
    expect([...firsts]).toEqual(['task_0000']);
  });

  it('holds against one that does not know that another has taken its lease: it takes and begins nothing', async () => {
    await line();
    const { tasks: taken } = await repository.load(claim, { limit: 5, free: 1, busyKeys: [] });
    expect(taken).toHaveLength(5);
    await bench.grant([claim.lease], 2);
    const next = { ...claim, epoch: 2 };
    expect((await repository.load(next, { limit: 3, free: 1, busyKeys: [] })).tasks).toHaveLength(3);
    expect((await repository.load(claim, { limit: length, free: 1, busyKeys: [] })).tasks).toEqual([]);
    expect((await repository.begin(claim, taken.slice(3))).size).toBe(0);
  });
});
