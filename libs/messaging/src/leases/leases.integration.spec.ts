import { sql } from 'kysely';
import { eventually, type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { silentLogger } from '../logger.ts';
import type { Lease } from './leases.ts';
import { Leases } from './leases.ts';
import { LeasesRepository } from './leases.repository.ts';

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );

describe('Leases', () => {
  let bench: MechanismBench;
  const running: Leases[] = [];

  beforeAll(async () => {
    bench = await openMechanismBench();
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((leases) => leases.stop()));
  });

  afterAll(() => bench.close());

  /** A process of the service that keeps what it held in `log`. */
  function process(names: string[], log: Lease[] = [], repository?: LeasesRepository): Leases {
    const leases = new Leases(repository ?? new LeasesRepository(bench.anotherRunner()), silentLogger);
    for (const name of names) {
      leases.runWhileHeld(name, async (lease) => {
        log.push(lease);
        await untilAborted(lease.signal);
      });
    }
    leases.start();
    running.push(leases);
    return leases;
  }

  it('gives each lease to one process at a time, and again at once after a shutdown', async () => {
    const first = process(['a']);
    await eventually('first takes it', () => first.heldNames().length === 1);
    const log: Lease[] = [];
    const second = process(['a'], log);
    await sleep(700);
    expect(second.heldNames()).toEqual([]);
    const stopped = performance.now();
    await first.stop();
    await eventually('second takes it', () => second.heldNames().length === 1);
    expect(performance.now() - stopped).toBeLessThan(700);
    expect(log[0]?.expired).toBe(false);
  });

  it('takes over within 2 s from a process that died, with a higher epoch', async () => {
    const repository = new LeasesRepository(bench.anotherRunner());
    await repository.renew({ holder: 'dead', namesHash: 0 });
    const [dead] = await repository.acquire('dead', ['b']);
    const died = performance.now();
    const log: Lease[] = [];
    const second = process(['b'], log);
    await eventually('second takes it', () => second.heldNames().length === 1);
    const took = performance.now() - died;
    expect(took).toBeGreaterThan(1400);
    expect(took).toBeLessThan(2000);
    expect(log[0]).toMatchObject({ epoch: (dead?.epoch ?? 0) + 1, expired: true });
  });

  it('stops believing before another process may take over, when renewals do not come through', async () => {
    class Cut extends LeasesRepository {
      cut = false;
      override renew(...args: Parameters<LeasesRepository['renew']>): ReturnType<LeasesRepository['renew']> {
        return this.cut ? Promise.reject(new Error('cut off')) : super.renew(...args);
      }
    }
    const repository = new Cut(bench.anotherRunner());
    const log: Lease[] = [];
    const first = process(['c'], log, repository);
    await eventually('first takes it', () => first.heldNames().length === 1);
    const other: Lease[] = [];
    const second = process(['c'], other);
    await sleep(600);
    repository.cut = true;
    const [lease] = log;
    await eventually('second takes it', () => second.heldNames().length === 1);
    // Its own clock decides; the signal of a busy process may come later.
    expect(lease?.isHeld()).toBe(false);
    await eventually('the first is told', () => lease?.signal.aborted === true);
    expect(other[0]?.epoch).toBe((lease?.epoch ?? 0) + 1);
  });

  it('does not believe in a lease after its own clock says it is over, even before it was told', async () => {
    const repository = new LeasesRepository(bench.anotherRunner());
    const log: Lease[] = [];
    const leases = process(['d'], log, repository);
    await eventually('it is taken', () => leases.heldNames().length === 1);
    const frozenUntil = performance.now() + 1700;
    while (performance.now() < frozenUntil);
    expect(log[0]?.signal.aborted).toBe(false);
    expect(log[0]?.isHeld()).toBe(false);
  });

  it('shares leases with a newcomer, and lets draining work finish first', async () => {
    const names = Array.from({ length: 8 }, (_value, index) => `shared.${index}`);
    const first = new Leases(new LeasesRepository(bench.anotherRunner()), silentLogger);
    let overlaps = 0;
    const active = new Map<string, number>();
    const begin = (leases: Leases): void => {
      for (const name of names) {
        const work = async (lease: Lease): Promise<void> => {
          active.set(name, (active.get(name) ?? 0) + 1);
          if ((active.get(name) ?? 0) > 1) overlaps += 1;
          await untilAborted(lease.drainSignal);
          await sleep(100);
          active.set(name, (active.get(name) ?? 0) - 1);
        };
        leases.runWhileHeld(name, work, { drain: true });
      }
      leases.start();
      running.push(leases);
    };
    begin(first);
    await eventually('the first has all', () => first.heldNames().length === 8);
    const second = new Leases(new LeasesRepository(bench.anotherRunner()), silentLogger);
    begin(second);
    await eventually(
      'both have four',
      () => first.heldNames().length === 4 && second.heldNames().length === 4,
      5000,
    );
    await sleep(1500);
    expect([first.heldNames().length, second.heldNames().length]).toEqual([4, 4]);
    await first.stop();
    await eventually('the second has all', () => second.heldNames().length === 8, 3000);
    expect(overlaps).toBe(0);
  });

  it('counts the processes that live', async () => {
    const first = process(['e']);
    await eventually('it is alone', () => first.processCount === 1, 3000);
    const second = process(['e']);
    await eventually('both know of two', () => first.processCount === 2 && second.processCount === 2, 3000);
    await second.stop();
    await eventually('it is alone again', () => first.processCount === 1, 3000);
  });

  it('takes a lease from a dead process or leaves it to a late renewal, never both', async () => {
    const [late, taker] = [0, 1].map(() => new LeasesRepository(bench.anotherRunner()));
    if (!late || !taker) throw new Error('Two repositories are needed.');
    await taker.renew({ holder: 'taker', namesHash: 0 });
    let both = 0;
    for (let round = 0; round < 30; round += 1) {
      const [holder, name] = [`late ${round}`, `late.${round}`];
      await late.renew({ holder, namesHash: 0 });
      await late.acquire(holder, [name]);
      await sql`UPDATE lease SET until = clock_timestamp() + interval '5 milliseconds' WHERE name = ${`@${holder}`}`.execute(
        bench.runner.kysely,
      );
      await sleep(3 + (round % 5));
      const [renewed, taken] = await Promise.all([
        late.renew({ holder, namesHash: 0 }),
        taker.acquire('taker', [name]),
      ]);
      if (renewed.wasAlive && taken.length > 0) both += 1;
    }
    expect(both).toBe(0);
  });

  it('leaves to others what its process died of believing in, and takes it anew itself', async () => {
    const log: Lease[] = [];
    const leases = process(['f'], log);
    await eventually('it is taken', () => leases.heldNames().length === 1);
    await sql`UPDATE lease SET until = clock_timestamp() WHERE name LIKE '@%'`.execute(bench.runner.kysely);
    await eventually('it is taken again', () => log.length === 2, 3000);
    expect(log[0]?.signal.aborted).toBe(true);
    expect(log[1]).toMatchObject({ epoch: (log[0]?.epoch ?? 0) + 1, expired: true });
  });

  it('respects a holder of the version before, which renews each lease and its process together', async () => {
    await sql`
      INSERT INTO lease (name, holder, epoch, until) SELECT name, 'older', 7, clock_timestamp() + interval '1.5 seconds'
      FROM unnest(ARRAY['@older', 'g']) AS name`.execute(bench.runner.kysely);
    const log: Lease[] = [];
    const leases = process(['g'], log);
    await sleep(1000);
    expect(leases.heldNames()).toEqual([]);
    await eventually('it is taken over', () => log.length === 1, 2000);
    expect(log[0]).toMatchObject({ epoch: 8, expired: true });
    // A process of that version looks at the row alone: it must stand in the future.
    const { rows } = await sql<{ left: number }>`
      SELECT extract(epoch FROM until - clock_timestamp())::float8 AS left FROM lease WHERE name = 'g'`.execute(
      bench.runner.kysely,
    );
    expect(rows[0]?.left).toBeGreaterThan(30);
  });

  it('leaves a lease to a process that began and took it while another took others', async () => {
    // This plan locks one row after another, as any may that is interrupted.
    const first = new LeasesRepository(bench.anotherRunner('-c enable_hashjoin=off -c enable_mergejoin=off'));
    const second = new LeasesRepository(bench.anotherRunner());
    const owner = bench.owner();
    await sql`
      CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END'`.execute(
      owner.kysely,
    );
    await sql`
      CREATE TRIGGER pause BEFORE UPDATE ON lease FOR EACH ROW WHEN (OLD.name LIKE 'h.%' AND NEW.holder = 'first') EXECUTE FUNCTION pause()`.execute(
      owner.kysely,
    );
    await sql`
      INSERT INTO lease (name, holder, epoch, until) SELECT name, '', 1, '-infinity' FROM unnest(ARRAY['h.0', 'h.1']) AS name`.execute(
      bench.runner.kysely,
    );
    await first.renew({ holder: 'first', namesHash: 0 });
    const slow = first.acquire('first', ['h.0', 'h.1']);
    await sleep(100);
    await second.renew({ holder: 'second', namesHash: 0 });
    const quick = await second.acquire('second', ['h.0', 'h.1']);
    const names = [...(await slow), ...quick].map(({ name }) => name);
    expect(names.sort()).toEqual(['h.0', 'h.1']);
    await sql`DROP TRIGGER pause ON lease`.execute(owner.kysely);
  });

  it('counts a process as dead whose renewal waited beyond its end', async () => {
    const repository = new LeasesRepository(bench.anotherRunner());
    await repository.renew({ holder: 'waiting', namesHash: 0 });
    await sql`UPDATE lease SET until = clock_timestamp() + interval '0.2 seconds' WHERE name = '@waiting'`.execute(
      bench.runner.kysely,
    );
    const renewed = bench.runner.kysely.transaction().execute(async (trx) => {
      await sql`SELECT FROM lease WHERE name = '@waiting' FOR UPDATE`.execute(trx);
      const table = repository.renew({ holder: 'waiting', namesHash: 0 });
      await sleep(300);
      return { table };
    });
    expect((await (await renewed).table).wasAlive).toBe(false);
  });

  it('releases no lease that its process has taken anew meanwhile', async () => {
    const repository = new LeasesRepository(bench.anotherRunner());
    await repository.renew({ holder: 'again', namesHash: 0 });
    const [before] = await repository.acquire('again', ['i']);
    await repository.abandon('again', ['i']);
    const [after] = await repository.acquire('again', ['i']);
    if (!before || !after) throw new Error('The lease was not taken twice.');
    await repository.release('again', before);
    await repository.renew({ holder: 'other', namesHash: 0 });
    expect(await repository.acquire('other', ['i'])).toEqual([]);
    await repository.release('again', after);
    expect(await repository.acquire('other', ['i'])).toMatchObject([{ name: 'i', expired: false }]);
  });

  it('never waits for a row that another process is taking', async () => {
    const repositories = Array.from({ length: 6 }, () => new LeasesRepository(bench.anotherRunner()));
    const names = Array.from({ length: 40 }, (_value, index) => `race.${index}`);
    const taken = await Promise.all(
      repositories.map(async (repository, index) => {
        await repository.renew({ holder: `holder ${index}`, namesHash: 0 });
        return repository.acquire(`holder ${index}`, index % 2 ? names : [...names].reverse());
      }),
    );
    const all = taken.flat().map(({ name }) => name);
    expect(new Set(all).size).toBe(all.length);
    const rest = await repositories[0]?.acquire('late', names);
    expect(rest).toEqual([]);
  });
});
