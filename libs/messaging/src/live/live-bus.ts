import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type LiveNews, liveSubject } from '@parley/contracts';

/** Live, lossy news of conversations over core NATS: tokens of an answer, typing. Durable facts are never read here. */
export class LiveBus {
  private readonly nats: NatsConnection;

  constructor(nats: NatsConnection) {
    this.nats = nats;
  }

  /** Sends a piece of news; lost when nobody listens or NATS is away. */
  publish(spaceId: string, conversationId: string, news: LiveNews): void {
    try {
      this.nats.publish(liveSubject(spaceId, conversationId), JSON.stringify(news));
    } catch {
      // Live news may be lost: whoever reads it falls back to the event.
    }
  }

  /** Listens to one conversation until the answer is called. */
  subscribe(spaceId: string, conversationId: string, listener: (news: LiveNews) => void): () => void {
    const subscription = this.nats.subscribe(liveSubject(spaceId, conversationId), {
      callback: (error, message) => {
        const news = error ? null : read(message);
        if (news) listener(news);
      },
    });
    return () => subscription.unsubscribe();
  }
}

function read(message: Msg): LiveNews | null {
  try {
    return message.json<LiveNews>();
  } catch {
    return null;
  }
}
