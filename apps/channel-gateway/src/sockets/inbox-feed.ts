import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type EventData, notificationCreated } from '@parley/contracts';
import { followLog, type NatsConnection } from '@parley/messaging';
import { InjectNats, Logger } from '@parley/service';

type Notification = EventData<typeof notificationCreated>['notification'];
type Listener = (notification: Notification) => void;

/** New notifications, spread by account. */
@Injectable()
export class InboxFeed implements OnModuleInit, OnModuleDestroy {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly stop = new AbortController();

  constructor(
    @InjectNats() private readonly nats: NatsConnection,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const log = {
      stream: 'NOTIFICATION',
      subjects: ['notification.created.*.*.*'],
      from: null,
      signal: this.stop.signal,
    };
    void followLog(this.nats, log, {
      onMessage: (message) => {
        const { notification } = message.json<EventData<typeof notificationCreated>>();
        for (const listener of this.listeners.get(notification.accountId) ?? []) listener(notification);
      },
      onFailed: (error) => this.logger.warn({ err: error }, 'Inbox feed failed, reopening'),
    });
  }

  onModuleDestroy(): void {
    this.stop.abort();
  }

  /** Listens to an account's inbox until the answer is called. */
  listen(accountId: string, listener: Listener): () => void {
    const known = this.listeners.get(accountId) ?? new Set();
    this.listeners.set(accountId, known.add(listener));
    return () => {
      known.delete(listener);
      if (known.size === 0) this.listeners.delete(accountId);
    };
  }
}
