import { channelStatusChanged, type EventData, streamName } from '@parley/contracts';
import { followLog, type NatsConnection } from '@parley/messaging';
import type { Logger } from '@parley/service';

/** Who is let in by an answer that is older than the end of its channel is let out again within this time. */
const REMEMBERED_MS = 10_000;

/** Tells which channels take nobody any more. */
export class ChannelEnds {
  private readonly stop = new AbortController();
  private readonly ended = new Map<string, number>();
  private readonly nats: NatsConnection;
  private readonly logger: Pick<Logger, 'warn'>;

  constructor(nats: NatsConnection, logger: Pick<Logger, 'warn'>) {
    this.nats = nats;
    this.logger = logger;
  }

  /** Calls the listener with the id of each channel that is deactivated or deleted from now on. */
  listen(listener: (channelId: string) => void): void {
    const subjects = [`${channelStatusChanged.name}.*.*.*`];
    const log = { stream: streamName('channel'), subjects, from: null, signal: this.stop.signal };
    void followLog(this.nats, log, {
      onMessage: (message) => {
        const { channelId, status } = message.json<EventData<typeof channelStatusChanged>>();
        this.ended.delete(channelId);
        if (status !== 'inactive' && status !== 'deleted') return;
        this.ended.set(channelId, Date.now());
        this.forget();
        listener(channelId);
      },
      onFailed: (error) => this.logger.warn({ err: error }, 'Channel status feed failed, reopening'),
    });
  }

  /** Whether a channel has ended a moment ago. */
  has(channelId: string): boolean {
    return Date.now() - (this.ended.get(channelId) ?? 0) < REMEMBERED_MS;
  }

  close(): void {
    this.stop.abort();
  }

  private forget(): void {
    for (const [channelId, at] of this.ended)
      if (Date.now() - at >= REMEMBERED_MS) this.ended.delete(channelId);
  }
}
