import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type EventData, notificationCreated } from '@parley/contracts';
import type { NatsConnection } from '@parley/messaging';
import { InjectNats, Logger } from '@parley/service';
import { followStream } from './follow-stream.ts';

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
    const source = {
      stream: 'NOTIFICATION',
      subjects: ['notification.created.*.*.*'],
      signal: this.stop.signal,
    };
    void followStream({ nats: this.nats, logger: this.logger }, source, {
      message: (message) => {
        const { notification } = message.json<EventData<typeof notificationCreated>>();
        for (const listener of this.listeners.get(notification.accountId) ?? []) listener(notification);
      },
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
