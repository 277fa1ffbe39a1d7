import type { ClientFrame, Message, Part, ServerFrame } from '@parley/contracts';

/** State of the connection, for people to see. */
export type ConnectionState = 'connecting' | 'online' | 'offline' | 'closed';

type Frame<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;

/** What a realtime client tells; each is optional. */
export interface RealtimeListener {
  /** A durable event of a subscribed conversation: each once, in order of its sequence. */
  event?(frame: Frame<'event'>): void;
  /** Everything missed before the subscription has been told. */
  caughtUp?(frame: Frame<'caught_up'>): void;
  /** A piece of an answer that is being written; lossy. */
  delta?(frame: Frame<'delta'>): void;
  typing?(frame: Frame<'typing'>): void;
  notification?(frame: Frame<'notification'>): void;
  hint?(frame: Frame<'hint'>): void;
  state?(state: ConnectionState): void;
  /** An error that belongs to no post: for example a conversation that is not one's own. */
  error?(frame: Frame<'error'>): void;
}

/** How a realtime client connects. */
export interface RealtimeOptions {
  /** `wss://host/ws/realtime`. */
  url: string;
  /** Asked before each connection, so that a new token can be fetched. */
  token: () => string | Promise<string>;
  listener: RealtimeListener;
  /** For Node and tests; default the platform's WebSocket. */
  webSocket?: new (
    url: string,
  ) => WebSocket;
  /** First pause before a reconnect in milliseconds; doubles up to 10 s, with jitter. */
  firstPauseMs?: number;
}

interface PendingPost {
  frame: Extract<ClientFrame, { type: 'post' }>;
  resolve: (message: Message) => void;
  reject: (error: Error) => void;
}

/** A conversation's last event. */
const DELETED = 'conversation.deleted';
/** Frames that may leave at once, and then in a second: the server takes 60 and 20. */
const BURST = 40;
const PER_SECOND = 15;
/** After this close the client waits longer: it was too fast, or there were too many. */
const TOO_MANY = 4429;
const PING_MS = 20_000;
const LONGEST_PAUSE_MS = 10_000;
/** Failures after which the pause is four seconds and more. */
const SLOW_FAILURES = 4;
/** After these the same post is sent again; `still_running`: what was sent before the connection broke is not done yet. */
const RETRYABLE = new Set([
  'unavailable',
  'outcome_unknown',
  'rate_limited',
  'too_many_requests',
  'internal',
  'still_running',
]);

/**
 * A client of `/ws/realtime` that outlives its connections: it reconnects, resumes each subscription behind the last
 * sequence it told, and repeats posts that were not answered under the same id, so that each acts once.
 */
export class RealtimeClient {
  private readonly options: RealtimeOptions;
  private readonly subscriptions = new Map<string, number>();
  private readonly posts = new Map<string, PendingPost>();
  private inbox = false;
  private socket: WebSocket | null = null;
  private ready = false;
  private closed = false;
  private paused = false;
  /** The last connection was closed for too many frames. */
  private limited = false;
  /** A token is awaited for the next connection. */
  private opening = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pinger: ReturnType<typeof setInterval> | undefined;
  private heard = 0;
  /** Frames that wait for their turn, in order. */
  private readonly queue: ClientFrame[] = [];
  private tokens = BURST;
  private refilledAt = 0;
  private pacer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RealtimeOptions) {
    this.options = options;
  }

  /** Opens the connection; safe to call again. */
  connect(): void {
    if (this.socket || this.opening || this.paused || this.closed) return;
    clearTimeout(this.timer);
    this.opening = true;
    this.tell('connecting');
    void this.open();
  }

  /** Closes the connection until `resume`; subscriptions and unanswered posts are kept. */
  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    clearTimeout(this.timer);
    const { socket } = this;
    if (!socket) return;
    // The browser may report the close long after the page is shown again.
    this.drop(socket);
    socket.close(1000);
    this.tell('offline');
  }

  /** Connects at once, without the rest of the back-off, unless the server closed for too many frames. */
  resume(): void {
    if (this.closed) return;
    this.paused = false;
    if (this.socket) this.ping();
    else if (this.limited) this.later();
    else this.connect();
  }

  /** Closes for good; unanswered posts are rejected. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.pinger);
    this.forgetQueue();
    this.socket?.close(1000);
    for (const post of this.posts.values()) post.reject(new Error('The connection was closed.'));
    this.posts.clear();
    this.tell('closed');
  }

  /** Follows a conversation from behind a sequence (0: from its beginning). */
  subscribe(conversationId: string, afterSequence: number): void {
    if (this.subscriptions.has(conversationId)) return;
    this.subscriptions.set(conversationId, afterSequence);
    if (this.ready) this.send({ type: 'subscribe', conversationId, afterSequence });
  }

  /** Stops following a conversation. */
  unsubscribe(conversationId: string): void {
    if (this.subscriptions.delete(conversationId) && this.ready)
      this.send({ type: 'unsubscribe', conversationId });
  }

  /** Follows one's own notifications. */
  subscribeInbox(): void {
    this.inbox = true;
    if (this.ready) this.send({ type: 'subscribe', inbox: true });
  }

  /**
   * Posts a message; resolves once it is stored, however many reconnects that takes.
   * @param id idempotency key of the post
   * @throws Error when the server refuses it
   */
  post(id: string, parts: Part[], conversationId?: string): Promise<Message> {
    const frame: PendingPost['frame'] = {
      type: 'post',
      id,
      parts,
      ...(conversationId ? { conversationId } : {}),
    };
    return new Promise((resolve, reject) => {
      this.posts.set(id, { frame, resolve, reject });
      if (this.ready) this.send(frame);
      else this.connect();
    });
  }

  /** Tells the others that one is writing; lossy. */
  typing(conversationId: string): void {
    // It would be late behind others.
    if (this.ready && this.queue.length === 0) this.send({ type: 'typing', conversationId });
  }

  private async open(): Promise<void> {
    try {
      const token = await this.options.token();
      this.opening = false;
      if (this.closed || this.paused) return;
      const socket = new (this.options.webSocket ?? WebSocket)(this.options.url);
      this.socket = socket;
      socket.onopen = () => socket.send(JSON.stringify({ type: 'authenticate', token }));
      socket.onmessage = (event) => this.hear(socket, String(event.data));
      socket.onclose = (event) => this.lost(socket, event?.code);
      socket.onerror = () => undefined;
    } catch {
      this.opening = false;
      if (!this.closed && !this.paused) this.later();
    }
  }

  private hear(socket: WebSocket, data: string): void {
    if (socket !== this.socket) return;
    this.heard = Date.now();
    const frame = JSON.parse(data) as ServerFrame;
    const { listener } = this.options;
    switch (frame.type) {
      case 'ready':
        return this.becomeReady();
      case 'event':
        return this.tellEvent(frame);
      case 'posted':
        return this.settle(frame.id, (post) => post.resolve(frame.message));
      case 'error':
        return this.hearError(frame);
      case 'going_away':
        return socket.close(1000);
      case 'caught_up':
        return listener.caughtUp?.(frame);
      case 'delta':
        return listener.delta?.(frame);
      default:
        return this.tellLive(frame);
    }
  }

  private tellLive(frame: ServerFrame): void {
    const { listener } = this.options;
    if (frame.type === 'typing') listener.typing?.(frame);
    else if (frame.type === 'notification') listener.notification?.(frame);
    else if (frame.type === 'hint') listener.hint?.(frame);
  }

  private becomeReady(): void {
    this.ready = true;
    this.tokens = BURST;
    this.refilledAt = Date.now();
    this.tell('online');
    for (const [conversationId, afterSequence] of this.subscriptions)
      this.send({ type: 'subscribe', conversationId, afterSequence });
    if (this.inbox) this.send({ type: 'subscribe', inbox: true });
    for (const post of this.posts.values()) this.send(post.frame);
    clearInterval(this.pinger);
    this.pinger = setInterval(() => this.ping(), PING_MS);
  }

  private tellEvent(frame: Frame<'event'>): void {
    const last = this.subscriptions.get(frame.conversationId);
    if (last === undefined || frame.sequence <= last) return;
    // The last event of all: there is nothing to resume.
    if (frame.name === DELETED) this.subscriptions.delete(frame.conversationId);
    else this.subscriptions.set(frame.conversationId, frame.sequence);
    this.options.listener.event?.(frame);
  }

  private hearError(frame: Frame<'error'>): void {
    if (frame.id === undefined) return this.options.listener.error?.(frame);
    const post = this.posts.get(frame.id);
    if (!post) return;
    if (RETRYABLE.has(frame.code)) {
      setTimeout(() => this.ready && this.posts.has(post.frame.id) && this.send(post.frame), 1000);
      return;
    }
    this.settle(frame.id, ({ reject }) => reject(new Error(frame.detail)));
  }

  private settle(id: string, act: (post: PendingPost) => void): void {
    const post = this.posts.get(id);
    this.posts.delete(id);
    if (post) act(post);
  }

  private ping(): void {
    if (Date.now() - this.heard > 2 * PING_MS) this.socket?.close(4000);
    else if (this.ready) this.send({ type: 'ping' });
  }

  private lost(socket: WebSocket, code: number | undefined): void {
    if (socket !== this.socket) return;
    // A connection that stood begins the pauses anew, unless it was too fast.
    this.limited = code === TOO_MANY;
    if (this.limited) this.failures = Math.max(this.failures, SLOW_FAILURES);
    else if (this.ready) this.failures = 0;
    this.drop(socket);
    if (!this.closed) this.later();
  }

  private drop(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.ready = false;
    this.forgetQueue();
    clearInterval(this.pinger);
  }

  private later(): void {
    this.tell('offline');
    const pause = Math.min(LONGEST_PAUSE_MS, (this.options.firstPauseMs ?? 250) * 2 ** this.failures);
    this.failures += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), pause * (0.5 + Math.random()));
  }

  /** Sends a frame in its turn; what a broken connection leaves waiting is sent anew by the next. */
  private send(frame: ClientFrame): void {
    this.queue.push(frame);
    this.sendQueued();
  }

  private sendQueued(): void {
    clearTimeout(this.pacer);
    const now = Date.now();
    this.tokens = Math.min(BURST, this.tokens + (Math.max(0, now - this.refilledAt) * PER_SECOND) / 1000);
    this.refilledAt = now;
    while (this.tokens >= 1 && this.socket?.readyState === 1) {
      const frame = this.queue.shift();
      if (!frame) return;
      this.tokens -= 1;
      this.socket.send(JSON.stringify(frame));
    }
    if (this.queue.length > 0 && this.ready)
      this.pacer = setTimeout(() => this.sendQueued(), 1000 / PER_SECOND);
  }

  private forgetQueue(): void {
    clearTimeout(this.pacer);
    this.queue.length = 0;
  }

  private tell(state: ConnectionState): void {
    this.options.listener.state?.(state);
  }
}
