import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { eventually } from '../../test/bench.ts';
import { CrashStage } from '../../test/crash-stage.ts';
import { TaskStage } from '../../test/task-stage.ts';
import type { Lease } from '../leases/leases.ts';
import { Leases } from '../leases/leases.ts';
import { LeasesRepository } from '../leases/leases.repository.ts';
import { silentLogger } from '../logger.ts';
import { MaintenanceRepository } from './maintenance.repository.ts';

const spaceId = 'space_a';
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );

describe('What PostgreSQL loses in a crash of commits that do not wait for the disk', () => {
  let stage: CrashStage;
  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    stage = await CrashStage.open();
  }, 60_000);

  afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())));

  afterAll(() => stage.close());

  class ObservedLeases extends LeasesRepository {
    override async prolong(...given: Parameters<LeasesRepository['prolong']>): Promise<void> {
      await super.prolong(...given);
      stage.afterRelaxed('prolonging');
    }

    override async release(...given: Parameters<LeasesRepository['release']>): Promise<void> {
      await super.release(...given);
      stage.afterRelaxed('release');
    }

    override async removeProcess(holder: string): Promise<void> {
      await super.removeProcess(holder);
      stage.afterRelaxed('removal of the process');
    }
  }

  describe('of leases', () => {
    /** What each holder of a lease saw when it took it. */
    interface Taken {
      lease: Lease;
      at: number;
      others: number;
    }

    /** A process that wants one lease; `log` is shared by all that want it. */
    function startHolder(name: string, log: Taken[]): Leases {
      const leases = new Leases(new ObservedLeases(stage.bench.runner), silentLogger);
      leases.runWhileHeld(name, async (lease) => {
        log.push({ lease, at: performance.now(), others: log.filter((one) => one.lease.isHeld()).length });
        await untilAborted(lease.signal);
      });
      leases.start();
      stops.push(() => leases.stop());
      return leases;
    }

    const rowOf = async (name: string): Promise<{ holder: string; epoch: number; left: number }> => {
      const [row] = await stage.read(
        sql<{ holder: string; epoch: number; left: number }>`
          SELECT holder, epoch, extract(epoch FROM until - clock_timestamp())::float8 AS left FROM lease WHERE name = ${name}`,
      );
      return row ?? { holder: '', epoch: 0, left: 0 };
    };

    const rises = (log: readonly Taken[]): boolean =>
      log.every(({ lease }, index) => index === 0 || lease.epoch > (log[index - 1]?.lease.epoch ?? 0));

    it('takes a lease over within 2 s whose release was lost, with a higher epoch', async () => {
      const log: Taken[] = [];
      let first = startHolder('released', log);
      await eventually('it is taken', () => log.length === 1);
      let admittedAt = 0;
      await stage.loseIn(async () => {
        const second = startHolder('released', log);
        await eventually('both live', () => first.processCount === 2 && second.processCount === 2);
        const [holding, waiting] = first.heldNames().length > 0 ? [first, second] : [second, first];
        const taken = log.length;
        const { holder } = await rowOf('released');
        const crash = stage.crashAfter('release');
        await Promise.all([crash, holding.stop()]);
        const row = await rowOf('released');
        admittedAt = performance.now();
        await stage.admit();
        await eventually('it is taken over', () => log.length > taken, 2000);
        first = waiting;
        return row.holder === holder && row.left > 0;
      });
      const last = log.at(-1);
      expect((last?.at ?? Infinity) - admittedAt).toBeLessThan(2000);
      expect(last?.lease.expired).toBe(true);
      expect(rises(log)).toBe(true);
      expect(log.map(({ others }) => others)).toEqual(log.map(() => 0));
    });

    it('forgets a process whose removal was lost, and keeps no lease for it', async () => {
      const log: Taken[] = [];
      const staying = startHolder('left', log);
      await eventually('it is taken', () => log.length === 1);
      await stage.loseIn(async () => {
        const leaving = startHolder('left', []);
        await eventually('both live', () => staying.processCount === 2);
        const crash = stage.crashAfter('removal of the process');
        await Promise.all([crash, leaving.stop()]);
        const back = await stage.read(
          sql`SELECT FROM lease WHERE name LIKE '@%' AND until > clock_timestamp() - interval '3 seconds'`,
        );
        return back.length === 2;
      });
      await eventually('it is alone', () => staying.processCount === 1, 3000);
      await eventually('it holds the lease', () => log.at(-1)?.lease.isHeld() === true, 3000);
      expect(rises(log)).toBe(true);
      expect(log.map(({ others }) => others)).toEqual(log.map(() => 0));
    });

    it('changes nothing for the holder of a lease whose prolonging was lost', async () => {
      const log: Taken[] = [];
      const holder = startHolder('prolonged', log);
      await eventually('it is taken', () => log.length === 1);
      const second = startHolder('prolonged', log);
      await stage.loseIn(async () => {
        await sql`UPDATE lease SET until = clock_timestamp() + interval '40 seconds' WHERE name = 'prolonged'`.execute(
          stage.superuser.kysely,
        );
        const { holder: id } = await rowOf('prolonged');
        const crash = stage.crashAfter('prolonging');
        await new ObservedLeases(stage.bench.runner).prolong(id, ['prolonged']);
        await crash;
        const { left } = await rowOf('prolonged');
        return left < 41 && left > 20;
      });
      await eventually('it is held', () => log.at(-1)?.lease.isHeld() === true, 2000);
      expect(rises(log)).toBe(true);
      expect(log.map(({ others }) => others)).toEqual(log.map(() => 0));
      expect(holder.heldNames().length + second.heldNames().length).toBe(1);
    });
  });

  describe('of maintenance', () => {
    const tables = ['inbox', 'command', 'event', 'outbox', 'thread', 'position', 'key_sequence', 'task'];

    /** Everything that is stored, as text. */
    const contents = async (): Promise<Record<string, string[]>> => {
      const found: Record<string, string[]> = {};
      for (const table of tables) {
        const rows = await stage.read(
          sql<{ text: string }>`SELECT row::text AS text FROM ${sql.table(table)} AS row`,
        );
        found[table] = rows.map(({ text }) => text).sort();
      }
      return found;
    };

    it.each([
      ['seen events', 'inbox', 'deleteSeenEvents'],
      ['expired answers', 'command', 'deleteExpiredCommands'],
    ] as const)(
      'forgets %s again that a crash brought back, and nothing else',
      async (_what, table, forget) => {
        const repository = new MaintenanceRepository(stage.bench.runner);
        await sql`DELETE FROM inbox`.execute(stage.superuser.kysely);
        await sql`DELETE FROM command`.execute(stage.superuser.kysely);
        for (const [age, name] of [
          [40, 'old'],
          [1, 'young'],
        ] as const) {
          await sql`
          INSERT INTO inbox (consumer, event_id, space_id, received_at)
          SELECT 'spec', ${name} || n, ${spaceId}, now() - ${age} * interval '1 day' FROM generate_series(1, 50) AS n`.execute(
            stage.superuser.kysely,
          );
          await sql`
          INSERT INTO command (scope, key, space_id, request_id, request_hash, expires_at)
          SELECT 'spec', ${name} || n, ${spaceId}, 'request', 'hash', now() + (20 - ${age}) * interval '1 day'
          FROM generate_series(1, 50) AS n`.execute(stage.superuser.kysely);
        }
        const before = await contents();
        await stage.loseIn(async () => {
          const crash = stage.crashAfter(forget);
          expect(await repository[forget]()).toBe(50);
          stage.afterRelaxed(forget);
          await crash;
          const found = await contents();
          if (found[table]?.length !== 100) return false;
          expect(found).toEqual(before);
          return true;
        });
        await eventually('it is forgotten', () =>
          repository[forget]().then(
            (count) => count === 50,
            () => false,
          ),
        );
        expect(await repository[forget]()).toBe(0);
        const kept = (before[table] ?? []).filter((text) => text.includes('young'));
        expect(await contents()).toEqual({ ...before, [table]: kept });
      },
    );
  });

  it('loses nothing of tasks, whose commits wait: each is done once, in the order of its key', async () => {
    const work = new TaskStage(stage.bench);
    const { queue } = TaskStage;
    const keys = ['red', 'green', 'blue', 'grey'];
    const done: [key: string, number: number][] = [];
    const { tasks } = work.start(async ({ key, id }, context) => {
      await context.complete(async (trx) => {
        await sql`INSERT INTO thread (id) VALUES (${id})`.execute(trx);
      });
      done.push([key, Number(id.split('/')[1])]);
    });
    stops.push(() => work.end());
    const written: string[] = [];
    let isWriting = true;
    const writers = keys.map(async (key) => {
      for (let number = 1; isWriting; number += 1) {
        const id = `${key}/${number}`;
        await stage.bench.database
          .withSpaces([spaceId], (trx) => tasks.enqueue(trx, [{ queue, id, key, spaceId, payload: {} }]))
          .then(
            () => written.push(id),
            () => sleep(20),
          );
        await sleep(Math.random() * 10);
      }
    });
    for (const statement of ['first', 'second']) {
      await sleep(300);
      const recovered = stage.crashAfter(statement);
      stage.afterRelaxed(statement);
      await recovered.then(() => stage.admit());
    }
    await sleep(200);
    isWriting = false;
    await Promise.all(writers);
    await eventually('no task is left', async () => (await stage.read(sql`SELECT FROM task`)).length === 0);
    const effects = new Set(
      (await stage.read(sql<{ id: string }>`SELECT id FROM thread`)).map(({ id }) => id),
    );
    expect(written.filter((id) => !effects.has(id))).toEqual([]);
    expect(written.length).toBeGreaterThan(50);
    for (const key of keys) {
      const order = done.filter(([one]) => one === key).map(([, number]) => number);
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
    }
  });
});
