import { setTimeout as sleep } from 'node:timers/promises';
import type { Leases } from '../leases/leases.ts';
import type { MessagingLogger } from '../logger.ts';
import type { Wakers } from '../wakers.ts';
import type { Places, WorkFinderRepository } from './work-finder.repository.ts';

const INTERVAL_MS = 2000;
const RELAY_PREFIX = 'relay.';
const TASK_PREFIX = 'task.';

/**
 * Finds work that no wake has told of: a process died between its commit and the wake, an operator wrote a row, the
 * connection to NATS was away. One statement of each process for all its loops, which sleep until they are woken.
 */
export class WorkFinder {
  private readonly repository: WorkFinderRepository;
  private readonly leases: Leases;
  private readonly wakers: Wakers;
  private readonly logger: MessagingLogger;
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(repository: WorkFinderRepository, leases: Leases, wakers: Wakers, logger: MessagingLogger) {
    this.repository = repository;
    this.leases = leases;
    this.wakers = wakers;
    this.logger = logger;
  }

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        for (const name of await this.repository.find(placesOf(this.leases.heldLeases())))
          this.wakers.wakeLocal(name);
      } catch (error) {
        this.logger.warn({ err: error }, 'Search for waiting work failed');
      }
    }
  }
}

/** The places behind the names of leases. */
export function placesOf(leases: readonly { name: string; epoch: number }[]): Places {
  const relayShards = leases
    .filter(({ name }) => name.startsWith(RELAY_PREFIX))
    .map(({ name }) => name.slice(RELAY_PREFIX.length));
  const taskShards = leases
    .filter(({ name }) => name.startsWith(TASK_PREFIX))
    .map(({ name, epoch }) => {
      const end = name.lastIndexOf('.');
      return { name, queue: name.slice(TASK_PREFIX.length, end), shard: Number(name.slice(end + 1)), epoch };
    });
  return { relayShards, taskShards };
}
