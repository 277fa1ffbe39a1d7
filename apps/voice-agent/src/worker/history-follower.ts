import {
  type EventData,
  eventSubject,
  headerNames,
  type Message,
  messageChanged,
  messagePosted,
  ownerChanged,
  statusChanged,
  streamName,
} from '@parley/contracts';
import { followLog, type JsMsg, type NatsConnection } from '@parley/messaging/calls';

/** What a call needs to know of its conversation's history. */
export interface HistoryListener {
  posted: (data: EventData<typeof messagePosted>) => void;
  changed: (data: EventData<typeof messageChanged>) => void;
  /** Whether the flow may answer from now on: no person has taken over, and the conversation is not closed. */
  answering: (flowAnswers: boolean) => void;
  /** Everything that there was when the reading began has been told. */
  caughtUp: () => void;
  failed: (error: unknown) => void;
}

/** Which conversation is followed. */
export interface Followed {
  spaceId: string;
  conversationId: string;
}

const told = [messagePosted, messageChanged, ownerChanged, statusChanged];

/** Follows the messages of one conversation in the stream's order, each event once, over all failures of NATS. */
export class HistoryFollower {
  private readonly nats: NatsConnection;
  private readonly followed: Followed;
  private readonly listener: HistoryListener;
  private last = 0;
  private owner: string | null = null;
  private isClosed = false;

  constructor(nats: NatsConnection, followed: Followed, listener: HistoryListener) {
    this.nats = nats;
    this.followed = followed;
    this.listener = listener;
  }

  /** Reads until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { spaceId, conversationId } = this.followed;
    const subjects = told.map(({ name }) => `${eventSubject(name, spaceId, conversationId)}.*`);
    const log = { stream: streamName('conversation'), subjects, from: 1, signal };
    await followLog(this.nats, log, {
      onMessage: (message) => this.tell(message),
      onCaughtUp: () => this.listener.caughtUp(),
      onFailed: (error) => this.listener.failed(error),
    });
  }

  private tell(message: JsMsg): void {
    const { sequence } = message.json<{ sequence: number }>();
    if (sequence <= this.last) return;
    this.last = sequence;
    const name = message.headers?.get(headerNames.eventType);
    if (name === messagePosted.name) this.listener.posted(message.json<EventData<typeof messagePosted>>());
    if (name === messageChanged.name) this.listener.changed(message.json<EventData<typeof messageChanged>>());
    if (name === ownerChanged.name) this.owner = message.json<EventData<typeof ownerChanged>>().owner;
    if (name === statusChanged.name)
      this.isClosed = message.json<EventData<typeof statusChanged>>().status === 'closed';
    if (name === ownerChanged.name || name === statusChanged.name)
      this.listener.answering((this.owner ?? 'flow') === 'flow' && !this.isClosed);
  }
}

/** Whether a message is for the caller's ears: public, and of an agent or an account. */
export function isSpoken(message: Message): boolean {
  return !message.internal && (message.author.type === 'agent' || message.author.type === 'account');
}

/** The text of a message, its parts one after the other. */
export function textOf(message: Message): string {
  return message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
}
