import { setTimeout as sleep } from 'node:timers/promises';
import type { EventData, EventDefinition } from '@parley/contracts';

/** The part of a fact publisher that a call uses. */
export interface Publisher {
  publish<Definition extends EventDefinition>(
    definition: Definition,
    spaceId: string,
    data: EventData<Definition>,
  ): Promise<void>;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1000;

/**
 * Facts of one call, one after the other. Each is published until NATS has stored it; who reads them drops repeats by the
 * id of the message they are about.
 */
export class CallFacts {
  private readonly publisher: Publisher;
  private readonly spaceId: string;
  private readonly failed: (error: unknown, name: string) => void;
  private last: Promise<void> = Promise.resolve();

  constructor(publisher: Publisher, spaceId: string, failed: (error: unknown, name: string) => void) {
    this.publisher = publisher;
    this.spaceId = spaceId;
    this.failed = failed;
  }

  /** Resolves once the fact is stored. */
  publish<Definition extends EventDefinition>(
    definition: Definition,
    data: EventData<Definition>,
  ): Promise<void> {
    const turn = this.last.then(() => this.untilStored(definition, data));
    this.last = turn;
    return turn;
  }

  /** Resolves once everything is stored, at the latest after so many milliseconds; tells whether it is. */
  async settle(withinMs: number): Promise<boolean> {
    const late = sleep(withinMs, false, { ref: false });
    return Promise.race([this.last.then(() => true), late]);
  }

  private async untilStored<Definition extends EventDefinition>(
    definition: Definition,
    data: EventData<Definition>,
  ): Promise<void> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
      try {
        await this.publisher.publish(definition, this.spaceId, data);
        return;
      } catch (error) {
        this.failed(error, definition.name);
        await sleep(wait);
      }
    }
  }
}
