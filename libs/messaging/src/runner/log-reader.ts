import { type ConsumerMessages, DeliverPolicy, jetstream, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const PULL = 512;
const BUFFER = 2048;

/** What a reader reads. */
export interface ReadOptions {
  stream: string;
  /** Filter subjects. */
  subjects: string[];
  /** First sequence wanted; null: only what comes from now on. */
  from: number | null;
  signal: AbortSignal;
}

/** Reads a stream like a log: in order, without acknowledgements, through reconnects and restarts of the server. */
export class LogReader {
  private readonly nats: NatsConnection;
  private readonly options: ReadOptions;
  private buffer: JsMsg[] = [];
  private wake: (() => void) | null = null;
  private drained: (() => void) | null = null;
  private messages: ConsumerMessages | null = null;
  private failure: unknown = null;

  constructor(nats: NatsConnection, options: ReadOptions) {
    this.nats = nats;
    this.options = options;
  }

  /** Opens the consumer; an abort of the signal closes it. */
  async open(): Promise<void> {
    const { stream, subjects, from, signal } = this.options;
    const consumer = await jetstream(this.nats, { timeout: 2000 }).consumers.get(stream, {
      filter_subjects: subjects,
      ...(from === null
        ? { deliver_policy: DeliverPolicy.New }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) }),
      inactive_threshold: 30_000_000_000,
    });
    this.messages = await consumer.consume({ max_messages: PULL, expires: 5000, idle_heartbeat: 500 });
    signal.addEventListener('abort', () => this.close(), { once: true });
    void this.pump(this.messages);
    void this.watchConnection();
  }

  /** What has come, at least one message unless the time is over or the reader closed. */
  async take(limit: number, waitMs: number): Promise<JsMsg[]> {
    if (this.failure) throw this.failure;
    if (this.buffer.length === 0) await this.wait(waitMs);
    if (this.failure) throw this.failure;
    const taken = this.buffer.splice(0, limit);
    if (this.buffer.length < BUFFER / 2) this.drained?.();
    return taken;
  }

  /** Ends reading. */
  close(): void {
    this.messages?.stop();
    this.drained?.();
    this.wake?.();
  }

  private async pump(messages: ConsumerMessages): Promise<void> {
    try {
      for await (const message of messages) {
        this.buffer.push(message);
        this.wake?.();
        if (this.buffer.length >= BUFFER) await new Promise<void>((resolve) => (this.drained = resolve));
      }
      this.fail(new Error('The consumer ended.'));
    } catch (error) {
      this.fail(error);
    }
  }

  /** A server that came back has forgotten its consumers: the reader is made anew by its owner. */
  private async watchConnection(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (this.failure || this.options.signal.aborted) return;
      if (status.type === 'reconnect') return this.fail(new Error('The connection to NATS was made anew.'));
    }
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.messages?.stop();
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
