import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { keyOfToken, keyRevoked, memberChanged } from '@parley/contracts';
import type { NatsConnection } from '@parley/messaging';
import { InjectNats, Logger } from '@parley/service';
import { followStream } from './follow-stream.ts';

type Listener = (id: string) => void;

/** Whose rights change: the id of an account whose membership changed, or of a key that was revoked. */
@Injectable()
export class AccessFeed implements OnModuleInit, OnModuleDestroy {
  private readonly listeners = new Set<Listener>();
  private readonly stop = new AbortController();

  constructor(
    @InjectNats() private readonly nats: NatsConnection,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const source = {
      stream: 'IDENTITY',
      subjects: [`${keyRevoked.name}.*.*.*`, `${memberChanged.name}.*.*.*`],
      signal: this.stop.signal,
    };
    void followStream({ nats: this.nats, logger: this.logger }, source, {
      message: ({ subject }) => {
        const id = keyOfToken(subject.split('.')[3] ?? '');
        if (id) for (const listener of this.listeners) listener(id);
      },
    });
  }

  onModuleDestroy(): void {
    this.stop.abort();
  }

  /** Tells the ids until the answer is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
