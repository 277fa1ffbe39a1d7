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
const FRAME_BURST = 40;
const FRAMES_PER_SECOND = 15;
/** After this close the client waits longer: it was too fast, or there were too many. */
const CLOSE_TOO_MANY = 4429;
const PING_MS = 20_000;
const MAX_PAUSE_MS = 10_000;
/** Failures after which the pause is four seconds and more. */
const FAILURES_UNTIL_SLOW = 4;
/** After these the same post is sent again; `still_running`: what was sent before the connection broke is not done yet. */
const RETRYABLE_CODES = new Set([
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
  private isInboxSubscribed = false;
  private socket: WebSocket | null = null;
  private isReady = false;
  private isClosed = false;
  private isPaused = false;
  /** The last connection was closed for too many frames. */
  private isRateLimited = false;
  /** A token is awaited for the next connection. */
  private isOpening = false;
  private failures = 0;
  private reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private lastFrameAt = 0;
  /** Frames that wait for their turn, in order. */
  private readonly queue: ClientFrame[] = [];
  private tokens = FRAME_BURST;
  private refilledAt = 0;
  private queueTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RealtimeOptions) {
    this.options = options;
  }

  /** Opens the connection; safe to call again. */
  connect(): void {
    if (this.socket || this.isOpening || this.isPaused || this.isClosed) return;
    clearTimeout(this.reconnectTimer);
    this.isOpening = true;
    this.notifyState('connecting');
    void this.open();
  }

  /** Closes the connection until `resume`; subscriptions and unanswered posts are kept. */
  pause(): void {
    if (this.isPaused || this.isClosed) return;
    this.isPaused = true;
    clearTimeout(this.reconnectTimer);
    const { socket } = this;
    if (!socket) return;
    // The browser may report the close long after the page is shown again.
    this.drop(socket);
    socket.close(1000);
    this.notifyState('offline');
  }

  /** Connects at once, without the rest of the back-off, unless the server closed for too many frames. */
  resume(): void {
    if (this.isClosed) return;
    this.isPaused = false;
    if (this.socket) this.ping();
    else if (this.isRateLimited) this.scheduleReconnect();
    else this.connect();
  }

  /** Closes for good; unanswered posts are rejected. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.reconnectTimer);
    clearInterval(this.pingTimer);
    this.clearQueue();
    this.socket?.close(1000);
    for (const post of this.posts.values()) post.reject(new Error('The connection was closed.'));
    this.posts.clear();
    this.notifyState('closed');
  }

  /** Follows a conversation from behind a sequence (0: from its beginning). */
  subscribe(conversationId: string, afterSequence: number): void {
    if (this.subscriptions.has(conversationId)) return;
    this.subscriptions.set(conversationId, afterSequence);
    if (this.isReady) this.send({ type: 'subscribe', conversationId, afterSequence });
  }

  /** Stops following a conversation. */
  unsubscribe(conversationId: string): void {
    if (this.subscriptions.delete(conversationId) && this.isReady)
      this.send({ type: 'unsubscribe', conversationId });
  }

  /** Follows one's own notifications. */
  subscribeInbox(): void {
    this.isInboxSubscribed = true;
    if (this.isReady) this.send({ type: 'subscribe', inbox: true });
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
      if (this.isReady) this.send(frame);
      else this.connect();
    });
  }

  /** Tells the others that one is writing; lossy. */
  typing(conversationId: string): void {
    // It would be late behind others.
    if (this.isReady && this.queue.length === 0) this.send({ type: 'typing', conversationId });
  }

  private async open(): Promise<void> {
    try {
      const token = await this.options.token();
      this.isOpening = false;
      if (this.isClosed || this.isPaused) return;
      const socket = new (this.options.webSocket ?? WebSocket)(this.options.url);
      this.socket = socket;
      socket.onopen = () => socket.send(JSON.stringify({ type: 'authenticate', token }));
      socket.onmessage = (event) => this.handleFrame(socket, String(event.data));
      socket.onclose = (event) => this.handleDisconnect(socket, event?.code);
      socket.onerror = () => undefined;
    } catch {
      this.isOpening = false;
      if (!this.isClosed && !this.isPaused) this.scheduleReconnect();
    }
  }

  private handleFrame(socket: WebSocket, data: string): void {
    if (socket !== this.socket) return;
    this.lastFrameAt = Date.now();
    const frame = JSON.parse(data) as ServerFrame;
    const { listener } = this.options;
    switch (frame.type) {
      case 'ready':
        return this.handleReady();
      case 'event':
        return this.notifyEvent(frame);
      case 'posted':
        return this.takePost(frame.id, (post) => post.resolve(frame.message));
      case 'error':
        return this.handleErrorFrame(frame);
      case 'going_away':
        return socket.close(1000);
      case 'caught_up':
        return listener.caughtUp?.(frame);
      case 'delta':
        return listener.delta?.(frame);
      default:
        return this.notifyLive(frame);
    }
  }

  private notifyLive(frame: ServerFrame): void {
    const { listener } = this.options;
    if (frame.type === 'typing') listener.typing?.(frame);
    else if (frame.type === 'notification') listener.notification?.(frame);
    else if (frame.type === 'hint') listener.hint?.(frame);
  }

  private handleReady(): void {
    this.isReady = true;
    this.tokens = FRAME_BURST;
    this.refilledAt = Date.now();
    this.notifyState('online');
    for (const [conversationId, afterSequence] of this.subscriptions)
      this.send({ type: 'subscribe', conversationId, afterSequence });
    if (this.isInboxSubscribed) this.send({ type: 'subscribe', inbox: true });
    for (const post of this.posts.values()) this.send(post.frame);
    clearInterval(this.pingTimer);
    this.pingTimer = setInterval(() => this.ping(), PING_MS);
  }

  private notifyEvent(frame: Frame<'event'>): void {
    const last = this.subscriptions.get(frame.conversationId);
    if (last === undefined || frame.sequence <= last) return;
    // The last event of all: there is nothing to resume.
    if (frame.name === DELETED) this.subscriptions.delete(frame.conversationId);
    else this.subscriptions.set(frame.conversationId, frame.sequence);
    this.options.listener.event?.(frame);
  }

  private handleErrorFrame(frame: Frame<'error'>): void {
    if (frame.id === undefined) return this.options.listener.error?.(frame);
    const post = this.posts.get(frame.id);
    if (!post) return;
    if (RETRYABLE_CODES.has(frame.code)) {
      setTimeout(() => this.isReady && this.posts.has(post.frame.id) && this.send(post.frame), 1000);
      return;
    }
    this.takePost(frame.id, ({ reject }) => reject(new Error(frame.detail)));
  }

  private takePost(id: string, act: (post: PendingPost) => void): void {
    const post = this.posts.get(id);
    this.posts.delete(id);
    if (post) act(post);
  }

  private ping(): void {
    if (Date.now() - this.lastFrameAt > 2 * PING_MS) this.socket?.close(4000);
    else if (this.isReady) this.send({ type: 'ping' });
  }

  private handleDisconnect(socket: WebSocket, code: number | undefined): void {
    if (socket !== this.socket) return;
    // A connection that stood begins the pauses anew, unless it was too fast.
    this.isRateLimited = code === CLOSE_TOO_MANY;
    if (this.isRateLimited) this.failures = Math.max(this.failures, FAILURES_UNTIL_SLOW);
    else if (this.isReady) this.failures = 0;
    this.drop(socket);
    if (!this.isClosed) this.scheduleReconnect();
  }

  private drop(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.isReady = false;
    this.clearQueue();
    clearInterval(this.pingTimer);
  }

  private scheduleReconnect(): void {
    this.notifyState('offline');
    const pause = Math.min(MAX_PAUSE_MS, (this.options.firstPauseMs ?? 250) * 2 ** this.failures);
    this.failures += 1;
    clearTimeout(this.reconnectTimer);
    this.reconnectTimer = setTimeout(() => this.connect(), pause * (0.5 + Math.random()));
  }

  /** Sends a frame in its turn; what a broken connection leaves waiting is sent anew by the next. */
  private send(frame: ClientFrame): void {
    this.queue.push(frame);
    this.sendQueued();
  }

  private sendQueued(): void {
    clearTimeout(this.queueTimer);
    const now = Date.now();
    this.tokens = Math.min(
      FRAME_BURST,
      this.tokens + (Math.max(0, now - this.refilledAt) * FRAMES_PER_SECOND) / 1000,
    );
    this.refilledAt = now;
    while (this.tokens >= 1 && this.socket?.readyState === 1) {
      const frame = this.queue.shift();
      if (!frame) return;
      this.tokens -= 1;
      this.socket.send(JSON.stringify(frame));
    }
    if (this.queue.length > 0 && this.isReady)
      this.queueTimer = setTimeout(() => this.sendQueued(), 1000 / FRAMES_PER_SECOND);
  }

  private clearQueue(): void {
    clearTimeout(this.queueTimer);
    this.queue.length = 0;
  }

  private notifyState(state: ConnectionState): void {
    this.options.listener.state?.(state);
  }
}
