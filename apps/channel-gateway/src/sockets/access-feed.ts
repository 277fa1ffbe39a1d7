import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { keyOfToken, keyRevoked, memberChanged, sessionEnded } from '@parley/contracts';
import { followLog, type NatsConnection } from '@parley/messaging';
import { InjectNats, Logger } from '@parley/service';

type Listener = (id: string) => void;

/** Whose rights change: the id of an account whose membership changed or session ended, or of a key that was revoked. */
@Injectable()
export class AccessFeed implements OnModuleInit, OnModuleDestroy {
  private readonly listeners = new Set<Listener>();
  private readonly stop = new AbortController();

  constructor(
    @InjectNats() private readonly nats: NatsConnection,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const log = {
      stream: 'IDENTITY',
      subjects: [keyRevoked, memberChanged, sessionEnded].map(({ name }) => `${name}.*.*.*`),
      from: null,
      signal: this.stop.signal,
    };
    void followLog(this.nats, log, {
      onMessage: ({ subject }) => {
        const id = keyOfToken(subject.split('.')[3] ?? '');
        if (id) for (const listener of this.listeners) listener(id);
      },
      onFailed: (error) => this.logger.warn({ err: error }, 'Access feed failed, reopening'),
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
