import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { requireNoTransaction } from '@parley/database/transaction-scope';
import type { MessagingLogger } from '../logger.ts';
import { LogReader } from '../runner/log-reader.ts';

const MAX_BATCH_SIZE = 512;
const WAIT_MS = 1000;
const PAUSE_MS = 250;

/** A local, watched copy of a key-value bucket that was written through the outbox: it serves while PostgreSQL is down. */
export class KeyValueMirror<Value> {
  private readonly entries = new Map<string, { version: number; value: Value | null }>();
  private readonly bucket: string;
  private readonly nats: NatsConnection;
  private readonly logger: MessagingLogger;
  private readonly waiting = new Set<{ key: string; version: number; resolve: () => void }>();
  private readonly listeners = new Set<(key: string) => void>();
  private readonly closing = new AbortController();
  private ready: Promise<void> | null = null;

  constructor(nats: NatsConnection, bucket: string, logger: MessagingLogger) {
    this.nats = nats;
    this.bucket = bucket;
    this.logger = logger;
  }

  /** Resolves once everything that was there has been read; goes on watching, through reconnects, until closed. */
  open(): Promise<void> {
    this.ready ??= new Promise((resolve) => void this.followBucket(resolve));
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

  /** Resolves once this version of a key, or a later one, is known here. */
  async waitForVersion(key: string, version: number): Promise<void> {
    requireNoTransaction('The wait for a key-value entry');
    if ((this.entries.get(key)?.version ?? 0) >= version) return;
    await new Promise<void>((resolve) => this.waiting.add({ key, version, resolve }));
  }

  /** Calls the listener with each key whose value has changed, until the returned function is called. */
  onChange(listener: (key: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.closing.abort();
  }

  private async followBucket(ready: () => void): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        await this.read(ready);
      } catch (error) {
        this.logger.warn(
          { bucket: this.bucket, err: error },
          'Following a key-value bucket failed, reading it again',
        );
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Reads the bucket's stream from its beginning, then on; a bucket made anew is read anew, versions tell what is newer. */
  private async read(ready: () => void): Promise<void> {
    const { signal } = this.closing;
    const subjects = [`$KV.${this.bucket}.>`];
    const reader = new LogReader(this.nats, { stream: `KV_${this.bucket}`, subjects, from: 1, signal });
    try {
      await reader.open();
      let caughtUp = false;
      while (!signal.aborted) {
        if (!caughtUp && (await reader.lastSequenceIfCaughtUp()) !== null) {
          caughtUp = true;
          ready();
        }
        for (const message of await reader.readBatch(MAX_BATCH_SIZE, caughtUp ? WAIT_MS : 20))
          this.applyMessage(message);
      }
    } finally {
      reader.close();
    }
  }

  private applyMessage(message: JsMsg): void {
    // Deletion is a value of its own, with a version; a marker of the bucket says nothing.
    if (message.headers?.has('KV-Operation')) return;
    const key = message.subject.slice(`$KV.${this.bucket}.`.length);
    try {
      const found = message.json<{ version: number; value: Value | null }>();
      const known = this.entries.get(key);
      if (known && known.version >= found.version) return;
      this.entries.set(key, found);
      for (const listener of this.listeners) listener(key);
      for (const one of this.waiting) {
        if (one.key !== key || one.version > found.version) continue;
        this.waiting.delete(one);
        one.resolve();
      }
    } catch (error) {
      this.logger.warn({ bucket: this.bucket, key, err: error }, 'Key-value entry is unreadable');
    }
  }
}
