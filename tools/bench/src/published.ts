import { setTimeout as sleep } from 'node:timers/promises';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@parley/messaging';

/** Where a side publishes what it stored. */
export interface Output {
  stream: string;
  /** Filter of the messages that count. */
  subject: string;
  /** Key and sequence of a message, by which order is checked. */
  read(data: unknown): { id: string; conversation: string; sequence: number };
}

const PATIENCE_MS = 60_000;

/** Follows what is published, at next to no cost, and reads it back afterwards. */
export class Published {
  private readonly nats: NatsConnection;
  private readonly output: Output;
  private from = 0;

  constructor(nats: NatsConnection, output: Output) {
    this.nats = nats;
    this.output = output;
  }

  /** What is published from now on counts. */
  async mark(): Promise<void> {
    this.from = await this.last();
  }

  /** Waits until so many messages were published since the mark. */
  async reach(count: number): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while ((await this.last()) - this.from < count) {
      if (performance.now() > until)
        throw new Error(`Only ${(await this.last()) - this.from} of ${count} messages were published.`);
      await sleep(10);
    }
  }

  /** Waits until nothing was published for a while. */
  async quiet(milliseconds = 700): Promise<void> {
    for (let last = -1, now = await this.last(); now !== last; now = await this.last()) {
      last = now;
      await sleep(milliseconds);
    }
  }

  /** Reads everything since the mark: how many different messages, and how many out of order. */
  async check(): Promise<{ different: number; disorder: number }> {
    const { stream, subject, read } = this.output;
    const end = await this.last();
    const ids = new Set<string>();
    const sequences = new Map<string, number>();
    let disorder = 0;
    if (end <= this.from) return { different: 0, disorder };
    const consumer = await jetstream(this.nats).consumers.get(stream, {
      filter_subjects: [subject],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.from + 1,
    });
    const messages = await consumer.consume({ max_messages: 1000 });
    for await (const message of messages) {
      if (message.seq <= end) {
        const { id, conversation, sequence } = read(message.json());
        if ((sequences.get(conversation) ?? 0) >= sequence) disorder += 1;
        sequences.set(conversation, sequence);
        ids.add(id);
      }
      if (message.seq >= end || message.info.pending === 0) break;
    }
    messages.stop();
    return { different: ids.size, disorder };
  }

  private async last(): Promise<number> {
    const manager = await jetstreamManager(this.nats, { checkAPI: false });
    return (await manager.streams.info(this.output.stream)).state.last_seq;
  }
}
