import type { EventEnvelope } from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { ConsumerRepository } from './consumer.repository.ts';

/** How repeats of an event are dropped: by the last sequence of its key, by an inbox row, or by the handler itself. */
export type Dedupe = 'sequence' | 'inbox' | 'own';

/** Drops what a consumer handled before: a producer may publish twice, and a new stream epoch starts at the beginning. */
export class Deduper {
  private readonly repository: ConsumerRepository;
  private readonly consumer: string;

  constructor(repository: ConsumerRepository, consumer: string) {
    this.repository = repository;
    this.consumer = consumer;
  }

  /** The events that are new; they count as handled once the transaction has committed. */
  async filterNew(trx: Trx<unknown>, events: EventEnvelope[], dedupe: Dedupe): Promise<EventEnvelope[]> {
    if (dedupe === 'own') return events;
    if (dedupe === 'sequence') return this.filterBySequence(trx, events);
    const unseen = await this.repository.markReceived(trx, this.consumer, events);
    return events.filter((event) => unseen.delete(event.id));
  }

  private async filterBySequence(trx: Trx<unknown>, events: EventEnvelope[]): Promise<EventEnvelope[]> {
    const keys = [...new Set(events.map((event) => event.key))];
    const last = await this.repository.sequences(trx, this.consumer, keys);
    const rows = new Map<string, { key: string; spaceId: string; sequence: number }>();
    const fresh = events.filter(({ key, spaceId, sequence }) => {
      if (sequence === null || sequence <= (rows.get(key)?.sequence ?? last.get(key) ?? 0)) return false;
      rows.set(key, { key, spaceId, sequence });
      return true;
    });
    const sorted = [...rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    await this.repository.saveSequences(trx, this.consumer, sorted);
    return fresh;
  }
}
