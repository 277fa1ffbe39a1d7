/** A process of a service that works tasks until it is killed: node --conditions=source task-process.ts <serviceUrl> <runnerUrl> */
import { createDatabase } from '@parley/database';
import { sql } from 'kysely';
import { ParkedRepository } from '../src/dead-letters/parked.repository.ts';
import { Leases } from '../src/leases/leases.ts';
import { LeasesRepository } from '../src/leases/leases.repository.ts';
import { silentLogger } from '../src/logger.ts';
import { SuspectGate } from '../src/suspect-gate.ts';
import { TaskWorker } from '../src/tasks/task-worker.ts';
import { TASK_SHARDS, workerName } from '../src/tasks/tasks.ts';
import { TasksRepository } from '../src/tasks/tasks.repository.ts';
import { Wakers } from '../src/wakers.ts';

const [serviceUrl = '', runnerUrl = ''] = process.argv.slice(2);
const database = createDatabase<unknown>({ url: serviceUrl, applicationName: 'task-process', poolSize: 8 });
const runner = createDatabase<unknown>({ url: runnerUrl, applicationName: 'task-process', poolSize: 4 });
const wakers = new Wakers(database);
const repository = new TasksRepository(runner);
const parked = new ParkedRepository(runner, 'conversation');
const leases = new Leases(new LeasesRepository(runner), silentLogger, wakers);
const options = { queue: 'delivery', maxAttempts: 1000, backoffMs: () => 20 };
const worker = new TaskWorker(
  { database, repository, parked, wakers, gate: new SuspectGate(), logger: silentLogger },
  options,
  async (task, context) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    await context.complete(async (trx) => {
      // The key's row holds the number of its last task: order and count in one.
      const { rows } = await sql<{ last: number }>`
      INSERT INTO thread (id, last_sequence) VALUES (${task.key}, 1)
      ON CONFLICT (id) DO UPDATE SET last_sequence = thread.last_sequence + 1 RETURNING last_sequence AS last`.execute(
        trx,
      );
      if (`${task.key}_${String(rows[0]?.last).padStart(5, '0')}` !== task.id) {
        await sql`INSERT INTO thread (id) VALUES (${`wrong ${task.id} as ${rows[0]?.last}`}) ON CONFLICT DO NOTHING`.execute(
          trx,
        );
      }
    });
  },
);
for (let shard = 0; shard < TASK_SHARDS; shard += 1)
  leases.runWhileHeld(workerName('delivery', shard), (lease) => worker.run(shard, lease), { drain: true });
leases.start();
