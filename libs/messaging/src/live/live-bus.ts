import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type CallMessage, callSubject, type LiveMessage, liveSubject } from '@parley/contracts';

/** Live, lossy news over core NATS, by space and subject of the news. Durable facts are never read here. */
abstract class LiveChannel<News> {
  private readonly nats: NatsConnection;

  constructor(nats: NatsConnection) {
    this.nats = nats;
  }

  protected abstract subject(spaceId: string, id: string): string;

  /** Sends a piece of news; lost when nobody listens or NATS is away. */
  publish(spaceId: string, id: string, news: News): void {
    try {
      this.nats.publish(this.subject(spaceId, id), JSON.stringify(news));
    } catch {
      // Live news may be lost: whoever reads it falls back to the event.
    }
  }

  /** Listens to one subject, `*` for all, until the answer is called. */
  subscribe(spaceId: string, id: string, listener: (news: News, spaceId: string) => void): () => void {
    const subscription = this.nats.subscribe(this.subject(spaceId, id), {
      callback: (error, message) => {
        const news = error ? null : read<News>(message);
        if (news) listener(news, message.subject.split('.')[1] ?? spaceId);
      },
    });
    return () => subscription.unsubscribe();
  }
}

/** Live news of conversations: tokens of an answer, typing. */
export class LiveBus extends LiveChannel<LiveMessage> {
  protected subject(spaceId: string, conversationId: string): string {
    return liveSubject(spaceId, conversationId);
  }
}

/** Live news of calls: signs of life of their jobs, and what these are told to do. */
export class CallBus extends LiveChannel<CallMessage> {
  protected subject(spaceId: string, callId: string): string {
    return callSubject(spaceId, callId);
  }
}

function read<News>(message: Msg): News | null {
  try {
    return message.json<News>();
  } catch {
    return null;
  }
}
