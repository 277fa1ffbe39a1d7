import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const MAX_PULL_MESSAGES = 512;
const BUFFER_MESSAGES = 2048;
const BUFFER_BYTES = 16 * 1024 * 1024;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const REQUEST_MS = 2000;

/** What a reader reads. */
export interface ReadOptions {
  stream: string;
  /** Filter subjects. */
  subjects: string[];
  /** First sequence wanted; null: only what comes from now on. */
  from: number | null;
  signal: AbortSignal;
}

/**
 * Reads a stream like a log: in order, without acknowledgements. Whatever may have put it beside the stream (the server
 * came back, the stream or the consumer is gone, a gap) is a failure: its owner makes a new one.
 */
export class LogReader {
  private readonly nats: NatsConnection;
  private readonly options: ReadOptions;
  private readonly statuses: AsyncIterable<unknown>[] = [];
  private buffer: JsMsg[] = [];
  private bufferedBytes = 0;
  private takenCount = 0;
  private wake: (() => void) | null = null;
  private drained: (() => void) | null = null;
  private consumer: Consumer | null = null;
  private messages: ConsumerMessages | null = null;
  private failure: unknown = null;
  private isClosed = false;

  constructor(nats: NatsConnection, options: ReadOptions) {
    this.nats = nats;
    this.options = options;
  }

  /** Opens the consumer; an abort of the signal closes it. */
  async open(): Promise<void> {
    const { stream, subjects, from, signal } = this.options;
    this.consumer = await jetstream(this.nats, { timeout: REQUEST_MS }).consumers.get(stream, {
      filter_subjects: subjects,
      ...(from === null
        ? { deliver_policy: DeliverPolicy.New }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) }),
      inactive_threshold: 30_000_000_000,
    });
    this.messages = await this.consumer.consume({
      max_messages: MAX_PULL_MESSAGES,
      expires: 20_000,
      idle_heartbeat: 1000,
      abort_on_missing_resource: true,
    });
    signal.addEventListener('abort', () => this.close(), { once: true });
    void this.pump(this.messages);
    void this.watch(this.nats.status(), 'reconnect', 'The connection to NATS was made anew.');
    void this.watch(this.messages.status(), 'reset', 'The consumer missed something.');
    if (signal.aborted) this.close();
  }

  /** What has come, at least one message unless the time is over or the reader closed; at most 4 MiB (or one message). */
  async readBatch(limit: number, waitMs: number): Promise<JsMsg[]> {
    if (this.buffer.length === 0 && !this.failure) await this.wait(waitMs);
    if (this.isClosed) return [];
    if (this.failure) throw this.failure;
    let bytes = 0;
    const end = this.buffer.findIndex(
      ({ data }, index) => index >= limit || ((bytes += data.length) > MAX_BATCH_BYTES && index > 0),
    );
    const messages = this.buffer.splice(0, end < 0 ? this.buffer.length : end);
    this.takenCount += messages.length;
    for (const { data } of messages) this.bufferedBytes -= data.length;
    if (!this.isFull()) this.drained?.();
    return messages;
  }

  /**
   * The last sequence of the stream if everything wanted up to there has been taken; null while something is under way.
   * By this a reader whose subjects are quiet learns how far it has come.
   */
  async lastSequenceIfCaughtUp(): Promise<number | null> {
    if (!this.consumer) return null;
    const manager = await jetstreamManager(this.nats, { timeout: REQUEST_MS, checkAPI: false });
    const { state } = await manager.streams.info(this.options.stream);
    const { num_pending: pending, delivered } = await this.consumer.info();
    const isCaughtUp = pending === 0 && delivered.consumer_seq === this.takenCount;
    return isCaughtUp ? state.last_seq : null;
  }

  /** Ends reading: nothing more is taken. */
  close(): void {
    this.isClosed = true;
    this.fail(new Error('The reader was closed.'));
  }

  private async pump(messages: ConsumerMessages): Promise<void> {
    try {
      for await (const message of messages) {
        this.buffer.push(message);
        this.bufferedBytes += message.data.length;
        this.wake?.();
        if (this.isFull()) await new Promise<void>((resolve) => (this.drained = resolve));
        if (this.failure) return;
      }
      this.fail(new Error('The consumer ended.'));
    } catch (error) {
      this.fail(error);
    }
  }

  private isFull(): boolean {
    return this.buffer.length >= BUFFER_MESSAGES || this.bufferedBytes >= BUFFER_BYTES;
  }

  private async watch(
    statuses: AsyncIterable<{ type: string }>,
    type: string,
    description: string,
  ): Promise<void> {
    this.statuses.push(statuses);
    for await (const status of statuses) {
      if (this.failure) return;
      if (status.type === type) return this.fail(new Error(description));
    }
  }

  private fail(error: unknown): void {
    if (this.failure) return;
    this.failure = error;
    this.messages?.stop();
    for (const statuses of this.statuses) (statuses as { stop?: () => void }).stop?.();
    this.drained?.();
    this.wake?.();
  }

  private async wait(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }
}
