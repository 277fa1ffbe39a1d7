import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { MessagingLogger } from '../logger.ts';

/** A local, watched copy of a key-value bucket that was written through the outbox: it serves while PostgreSQL is down. */
export class KeyValueMirror<Value> {
  private readonly entries = new Map<string, { version: number; value: Value | null }>();
  private readonly bucket: string;
  private readonly nats: NatsConnection;
  private readonly logger: MessagingLogger;
  private closed = false;
  private ready: Promise<void> | null = null;
  private stop: (() => void) | null = null;

  constructor(nats: NatsConnection, bucket: string, logger: MessagingLogger) {
    this.nats = nats;
    this.bucket = bucket;
    this.logger = logger;
  }

  /** Resolves once everything that was there has been read; goes on watching, through reconnects, until closed. */
  open(): Promise<void> {
    this.ready ??= new Promise((resolve) => void this.follow(resolve));
    return this.ready;
  }

  /** The value of a key; undefined when it is not known or was deleted (a null value). */
  get(key: string): Value | undefined {
    return this.entries.get(key)?.value ?? undefined;
  }

  /** Every known key and value. */
  all(): [string, Value][] {
    return [...this.entries].flatMap(([key, { value }]) =>
      value === null ? [] : [[key, value] as [string, Value]],
    );
  }

  close(): void {
    this.closed = true;
    this.stop?.();
  }

  private async follow(ready: () => void): Promise<void> {
    while (!this.closed) {
      try {
        await this.watch(await new Kvm(this.nats).open(this.bucket), ready);
      } catch (error) {
        this.logger.warn(
          { bucket: this.bucket, err: error },
          'A key-value bucket could not be followed and is opened again',
        );
      }
      if (!this.closed) await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  private async watch(bucket: KV, ready: () => void): Promise<void> {
    const { values } = await bucket.status();
    if (values === 0) ready();
    const watcher = await bucket.watch();
    this.stop = () => watcher.stop();
    let left = values;
    for await (const entry of watcher) {
      if (entry.operation === 'PUT')
        this.keep(entry.key, entry.json<{ version: number; value: Value | null }>());
      left -= 1;
      if (left <= 0 || entry.delta === 0) ready();
    }
  }

  private keep(key: string, entry: { version: number; value: Value | null }): void {
    const known = this.entries.get(key);
    if (!known || known.version < entry.version) this.entries.set(key, entry);
  }
}
