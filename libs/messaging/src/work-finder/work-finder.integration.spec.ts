import { sql } from 'kysely';
import { eventually, type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { Leases } from '../leases/leases.ts';
import { LeasesRepository } from '../leases/leases.repository.ts';
import { silentLogger } from '../logger.ts';
import { Wakers } from '../wakers.ts';
import { WorkFinder, placesOf } from './work-finder.ts';
import { WorkFinderRepository } from './work-finder.repository.ts';

describe('WorkFinder', () => {
  let bench: MechanismBench;
  let repository: WorkFinderRepository;

  beforeAll(async () => {
    bench = await openMechanismBench();
    repository = new WorkFinderRepository(bench.runner);
  });
  afterAll(() => bench.close());

  const taskRow = (id: string, shard: number, dueIn: string, epoch = 0): Promise<unknown> =>
    sql`INSERT INTO task (queue, id, shard, key, space_id, payload, due_at, lease_epoch)
      VALUES ('mail.out', ${id}, ${shard}, ${id}, 'space_a', '{}', now() + ${dueIn}::interval, ${epoch})`.execute(
      bench.runner.kysely,
    );

  it('finds rows to publish, tasks that are due and not taken, and events to be done again', async () => {
    const places = placesOf([
      { name: 'relay.CONVERSATION', epoch: 3 },
      { name: 'relay.kv:channels', epoch: 1 },
      ...[0, 1, 2, 3].map((shard) => ({ name: `task.mail.out.${shard}`, epoch: 7 })),
      { name: 'consumer.receipts.CHANNEL.0', epoch: 2 },
    ]);
    expect(await repository.find(places)).toEqual([]);
    await taskRow('due', 0, '-1 second');
    await taskRow('later', 1, '1 hour');
    await taskRow('taken', 2, '-1 second', 7);
    await taskRow('of a holder before', 3, '-1 second', 6);
    await sql`INSERT INTO outbox (shard, event_id, space_id, key, occurred_at)
      VALUES ('kv:channels', 1, 'space_a', 'k', now()), ('ELSEWHERE', 2, 'space_a', 'k', now())`.execute(
      bench.runner.kysely,
    );
    await sql`INSERT INTO parked (id, source, consumer, key, space_id, name, content, reason, attempts, replay)
      VALUES ('a', 'event', 'receipts.CHANNEL', 'k', 'space_a', 'n', '{}', 'r', 1, true),
        ('b', 'event', 'other.CHANNEL', 'k', 'space_a', 'n', '{}', 'r', 1, false)`.execute(
      bench.runner.kysely,
    );
    expect((await repository.find(places)).sort()).toEqual([
      'relay.kv:channels',
      'replay.receipts.CHANNEL',
      'task.mail.out.0',
      'task.mail.out.3',
    ]);
  });

  it('wakes the loops of its process', async () => {
    const wakers = new Wakers(bench.database);
    const leases = new Leases(new LeasesRepository(bench.runner), silentLogger);
    const finder = new WorkFinder(repository, leases, wakers, silentLogger);
    let woken = 0;
    wakers.listen('replay.receipts.CHANNEL', () => (woken += 1));
    finder.start();
    await eventually('it is woken', () => Promise.resolve(woken > 0), 5000);
    await finder.stop();
  });
});
