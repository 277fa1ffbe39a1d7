import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { MessagingLogger } from '../logger.ts';
import { positionBucket, positionKey } from '../nats/positions.ts';
import type { ConsumerPartition } from './consumer.repository.ts';

/** Tells, beside the streams, how far this service's consumers have come: nothing that one still needs is trimmed away. */
export class PositionReporter {
  private readonly nats: NatsConnection;
  private readonly service: string;
  private readonly logger: MessagingLogger;
  private readonly reported = new Map<string, string>();
  private bucket: Promise<KV> | null = null;

  constructor(nats: NatsConnection, service: string, logger: MessagingLogger) {
    this.nats = nats;
    this.service = service;
    this.logger = logger;
  }

  /** Writes a position that has changed; one that cannot be written is written the next time. */
  async report(where: ConsumerPartition, position: number): Promise<void> {
    const key = positionKey(where.stream, this.service, where.consumer, where.partition);
    const text = JSON.stringify({ epoch: where.streamEpoch, position });
    if (this.reported.get(key) === text) return;
    await this.tolerateFailure(async (bucket) => {
      await bucket.put(key, text);
      this.reported.set(key, text);
    });
  }

  /** Takes consumers off the board that this service no longer has: else their streams could never be trimmed. */
  async removeUnknownConsumers(consumers: readonly { id: string; stream: string }[]): Promise<void> {
    const kept = new Set(consumers.map(({ id, stream }) => positionKey(stream, this.service, id, 0)));
    await this.tolerateFailure(async (bucket) => {
      const keys = await bucket.keys(`*.${this.service}.>`);
      for await (const key of keys) if (!kept.has(key.replace(/\d+$/, '0'))) await bucket.delete(key);
    });
  }

  private async tolerateFailure(work: (bucket: KV) => Promise<void>): Promise<void> {
    try {
      this.bucket ??= new Kvm(this.nats).open(positionBucket);
      await work(await this.bucket);
    } catch (error) {
      this.bucket = null;
      this.logger.debug({ err: error }, 'Consumer position report failed');
    }
  }
}
