import { LocalWorkers } from '../src/tasks/local-workers.ts';
import { ParkedRepository } from '../src/dead-letters/parked.repository.ts';
import { HeldLease } from '../src/leases/lease.ts';
import { silentLogger } from '../src/logger.ts';
import { SuspectGate } from '../src/suspect-gate.ts';
import { type TaskHandler, type TaskOptions, TaskWorker } from '../src/tasks/task-worker.ts';
import { TasksRepository } from '../src/tasks/tasks.repository.ts';
import { type NewTask, shardOfKey, TASK_SHARDS, Tasks, workerName } from '../src/tasks/tasks.ts';
import { Wakers } from '../src/wakers.ts';
import type { MechanismBench } from './bench.ts';

/** A process that works all shards of the queue. */
export interface TaskProcess {
  enqueue(given: Partial<NewTask>[]): Promise<void>;
  /** Takes all its leases away. */
  lose(): void;
  leases: HeldLease[];
  done: Promise<unknown>;
  worker: TaskWorker;
  tasks: Tasks;
  wakers: Wakers;
  local: LocalWorkers;
  /** Name of the lease that works a key. */
  lease(key: string): string;
}

/** What a process is started with; with a repository of its own it has to look for what is written. */
export type TaskProcessArguments = [
  handler: TaskHandler,
  options?: Partial<TaskOptions>,
  repository?: TasksRepository,
];

/** Processes that work one queue one after another, each under leases with a higher epoch than any before. */
export class TaskStage {
  static readonly queue = 'delivery';
  static readonly spaceId = 'space_a';
  private readonly bench: MechanismBench;
  private readonly running: TaskProcess[] = [];
  private epoch = 0;

  constructor(bench: MechanismBench) {
    this.bench = bench;
  }

  start(...[handler, options = {}, repository]: TaskProcessArguments): TaskProcess {
    const { bench } = this;
    const { queue, spaceId } = TaskStage;
    const wakers = new Wakers(bench.database);
    const local = new LocalWorkers(bench.database);
    const used = repository ?? new TasksRepository(bench.runner);
    const tasks = new Tasks(used, wakers, repository ? undefined : local);
    const parts = {
      local,
      database: bench.database,
      repository: used,
      parked: new ParkedRepository(bench.runner, 'conversation'),
      wakers,
      gate: new SuspectGate(),
      logger: silentLogger,
    };
    const worker = new TaskWorker(parts, { queue, backoffMs: () => 20, ...options }, handler);
    this.epoch += 1;
    const leases = Array.from(
      { length: TASK_SHARDS },
      (_value, shard) =>
        new HeldLease(
          { name: workerName(queue, shard), epoch: this.epoch, expired: false },
          Number.POSITIVE_INFINITY,
        ),
    );
    const names = leases.map(({ name }) => name);
    const run = (lease: HeldLease, shard: number): Promise<void> => worker.run(shard, lease);
    const done = bench.grant(names, this.epoch).then(() => Promise.all(leases.map(run)));
    const lose = (): void => leases.forEach((lease) => lease.markLost());
    const enqueue = (given: Partial<NewTask>[]): Promise<void> =>
      bench.database.withSpaces([spaceId], (trx) =>
        tasks.enqueue(
          trx,
          given.map((one) => ({ queue, id: 'one', key: 'key', spaceId, payload: {}, ...one })),
        ),
      );
    const lease = (key: string): string => workerName(queue, shardOfKey(key));
    const started = { enqueue, lose, leases, done, worker, tasks, wakers, local, lease };
    this.running.push(started);
    return started;
  }

  /** Ends all processes. */
  async end(): Promise<void> {
    for (const one of this.running) one.lose();
    await Promise.all(this.running.splice(0).map(({ done }) => done));
  }
}
