import type { Wakers } from '../wakers.ts';
import { workerName } from '../task-shards.ts';
import type { Parked, ParkedFilter, ParkedRepository } from './parked.repository.ts';

/** What an operator does with what could not be done: `parley dlq list|show|replay|drop`. */
export class DeadLetters {
  private readonly parked: ParkedRepository;
  private readonly wakers: Wakers | undefined;

  /** @param wakers wakes task workers at once; without, `WorkFinder` finds revived tasks within two seconds */
  constructor(parked: ParkedRepository, wakers?: Wakers) {
    this.parked = parked;
    this.wakers = wakers;
  }

  /** The oldest entries that fit. */
  async list(filter: ParkedFilter = {}, limit = 100): Promise<Parked[]> {
    return this.parked.list(filter, limit);
  }

  /** One entry with its content. */
  async show(id: string): Promise<Parked | undefined> {
    return this.parked.show(id);
  }

  /**
   * Has exactly the missing effects done: events go through their consumer again, each key's in order and each in one
   * transaction with its removal; tasks become tasks again. Answers how many entries will be done again.
   */
  async replay(filter: ParkedFilter): Promise<number> {
    const tasks = await this.parked.reviveTasks(filter);
    for (const { queue, shard } of tasks) this.wakers?.wake(workerName(queue, shard));
    return tasks.length + (await this.parked.markReplay(filter));
  }

  /** Removes entries for good; what waited behind them of the same key is done again. Answers how many were removed. */
  async drop(filter: ParkedFilter): Promise<number> {
    return this.parked.dropMatching(filter);
  }
}
