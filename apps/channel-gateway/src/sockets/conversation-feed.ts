import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { eventForVisitor, isRestricted, spaceOfToken } from '@parley/contracts';
import { InjectNats, Logger } from '@parley/service';
import { followLog, type JsMsg, type NatsConnection } from '@parley/messaging';

/** A durable event of a conversation, as it travels on. */
export interface FeedEvent {
  name: string;
  spaceId: string;
  conversationId: string;
  sequence: number;
  data: Record<string, unknown>;
  /** The accounts and agents that alone may know of it (a direct room's); null: the whole space. */
  audience: readonly string[] | null;
  /** The frame for sockets of members and keys, encoded once for all. */
  readonly frame: string;
  /** The frame for visitors; null where they do not see the event. */
  readonly visitorFrame: string | null;
}

type Listener = (event: FeedEvent) => void;

/** What happens in conversations from now on: one reader for the whole process, spread by conversation and space. */
@Injectable()
export class ConversationFeed implements OnModuleInit, OnModuleDestroy {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly gapListeners = new Set<() => void>();
  private readonly stop = new AbortController();

  constructor(
    @InjectNats() private readonly nats: NatsConnection,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const subjects = ['conversation.*.*.*.*'];
    const log = { stream: 'CONVERSATION', subjects, from: null, signal: this.stop.signal };
    void followLog(this.nats, log, {
      onMessage: (message) => this.spread(message),
      onOpened: () => {
        for (const listener of this.gapListeners) listener();
      },
      onFailed: (error) => this.logger.warn({ err: error }, 'Conversation feed failed, reopening'),
    });
  }

  onModuleDestroy(): void {
    this.stop.abort();
  }

  /** Listens to a conversation or a space by its id, until the answer is called. */
  listen(id: string, listener: Listener): () => void {
    const known = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, known.add(listener));
    return () => {
      known.delete(listener);
      if (known.size === 0) this.listeners.delete(id);
    };
  }

  /** Is told when events may have been missed: whoever follows a conversation reads its history again. */
  onGap(listener: () => void): () => void {
    this.gapListeners.add(listener);
    return () => this.gapListeners.delete(listener);
  }

  private spread(message: JsMsg): void {
    const [domain, verb, spaceToken = '', conversationId = ''] = message.subject.split('.');
    const spaceId = spaceOfToken(spaceToken);
    // Events of contacts have the contact as their key, and no sequence.
    if (!conversationId.startsWith('conv_')) return;
    const toConversation = this.listeners.get(conversationId);
    const toSpace = this.listeners.get(spaceId);
    if (!toConversation && !toSpace) return;
    const event = toFeedEvent(
      { name: `${domain}.${verb}`, spaceId, conversationId },
      message.json<Record<string, unknown>>(),
    );
    for (const listener of [...(toConversation ?? []), ...(toSpace ?? [])]) listener(event);
  }
}

/**
 * Shapes an event with its frames.
 * @param isForVisitor the data is a visitor's view already, as the history answers it to one
 */
export function toFeedEvent(
  of: { name: string; spaceId: string; conversationId: string },
  data: Record<string, unknown>,
  isForVisitor = false,
): FeedEvent {
  const sequence = Number(data['sequence']);
  const encode = (shown: Record<string, unknown>): string =>
    JSON.stringify({
      type: 'event',
      name: of.name,
      conversationId: of.conversationId,
      sequence,
      data: shown,
    });
  let frame: string | undefined;
  let visitorFrame: string | null | undefined;
  return {
    ...of,
    sequence,
    data,
    audience: isRestricted(data) ? (data['audience'] as string[]) : null,
    get frame() {
      return (frame ??= encode(data));
    },
    get visitorFrame() {
      if (visitorFrame !== undefined) return visitorFrame;
      const seen = isForVisitor ? data : eventForVisitor(of.name, data);
      return (visitorFrame = seen && encode(seen));
    },
  };
}
