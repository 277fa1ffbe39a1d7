import { RealtimeClient, type ConnectionState } from '@parley/client';
import type { Message } from '@parley/contracts';
import type { Phrasebook, widgetPhrases } from '@parley/text';
import { Outbox, type Unsent } from './outbox.ts';
import { Refused, type SessionKeeper, type WidgetConfiguration, type WidgetSession } from './session.ts';
import { plainArray } from './plain-json.ts';
import { randomId } from './random-id.ts';
import { Transcript } from './transcript.ts';
import type { CallAccess } from './voice/port.ts';

/** The sentences of the widget in one language. */
export type WidgetPhrases = Phrasebook<typeof widgetPhrases.en>;

/** What the chat tells its view. */
export interface ChatView {
  changed(): void;
  connection(state: ConnectionState | 'refused'): void;
}

/** How long an answer is waited for before the sign that one is being written goes out. */
const WAITING_MS = 60_000;
const TYPING_MS = 5_000;
const LONGEST_PAUSE_MS = 10_000;
/** When a call's conversation is looked for, until it is found. */
const SEEK_PAUSES_MS = [0, 1000, 2000, 4000, 8000];
/** After so many connections that never became ready the token is doubted. */
const DOUBTS = 4;

/** The chat behind the widget: session, connection and transcript, without a pixel. */
export class Chat {
  readonly transcript = new Transcript();
  configuration: WidgetConfiguration;
  phrases: WidgetPhrases;
  /** Whether the agent can be called. */
  voice = false;
  private readonly session: SessionKeeper;
  private readonly view: ChatView;
  private readonly outbox: Outbox;
  private realtime: RealtimeClient | null = null;
  private conversationId: string | null = null;
  private opening: Promise<void> | null = null;
  private owner = '';
  private ended = false;
  private asked = 0;
  private typist = { name: '', until: 0 };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private fruitless = 0;
  private paused = false;
  /** Ends the pause between two tries to open the session. */
  private endPause: () => void = () => undefined;

  constructor(parts: { session: SessionKeeper; channelId: string; phrases: WidgetPhrases; view: ChatView }) {
    this.session = parts.session;
    this.configuration = parts.session.lastConfiguration();
    this.phrases = parts.phrases;
    this.view = parts.view;
    this.outbox = new Outbox(parts.channelId);
  }

  /** Opens the session and the connection once; goes on trying until it stands or is refused. */
  open(): Promise<void> {
    this.opening ??= this.start().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  /** Closes the connection until `resume`: the page is put away, or shows the chat no longer. */
  pause(): void {
    this.paused = true;
    this.realtime?.pause();
  }

  /** Connects again at once, where the chat was open. */
  resume(): void {
    this.paused = false;
    this.endPause();
    this.realtime?.resume();
  }

  /** Sends a text; it is shown at once and settles when it is stored. */
  send(text: string): void {
    this.asked = Date.now();
    const post = { id: randomId(), text, conversationId: this.ended ? null : this.conversationId };
    this.outbox.add(post);
    this.transcript.sending(post.id, text);
    this.view.changed();
    void this.deliver(post);
  }

  /** Sends what failed once more, under an id of its own: the server has refused the first. */
  again(lineId: string): void {
    const text = this.transcript.drop(lineId);
    if (text !== null) this.send(text);
  }

  typing(): void {
    if (this.conversationId) this.realtime?.typing(this.conversationId);
  }

  /** Whether an answer is on its way, and whose; null when nobody writes. */
  writing(): string | null {
    const now = Date.now();
    if (this.transcript.streaming()) return null;
    if (this.typist.until > now) return this.typist.name;
    const waits = this.transcript.waitsForAnswer() && now - this.asked < WAITING_MS;
    return waits && this.owner === 'flow' ? '' : null;
  }

  private async deliver(post: Unsent): Promise<void> {
    try {
      await this.open();
      const message = await this.realtime?.post(
        post.id,
        plainArray([{ type: 'text' as const, text: post.text, format: 'plain' as const }]),
        post.conversationId ?? undefined,
      );
      if (!message) return;
      this.follow(message.conversationId);
      this.transcript.posted(post.id, message);
    } catch {
      this.transcript.failed(post.id);
    }
    this.outbox.remove(post.id);
    this.view.changed();
    this.lookAgain(WAITING_MS);
  }

  private async start(): Promise<void> {
    const session = await this.openSession();
    this.configuration = session.configuration;
    this.voice = accessOf(session) !== null;
    this.realtime = new RealtimeClient({
      url: session.socketUrl,
      token: () => this.session.token(),
      listener: {
        event: (frame) => this.hear(frame),
        delta: (frame) => {
          if (this.transcript.delta(frame)) this.view.changed();
        },
        typing: ({ name }) => this.hearTyping(name),
        state: (state) => this.hearState(state),
      },
    });
    if (this.paused) this.realtime.pause();
    else this.realtime.connect();
    if (session.conversationId) this.follow(session.conversationId);
    this.view.changed();
  }

  private async openSession(): ReturnType<SessionKeeper['open']> {
    for (let pause = 500; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
      this.view.connection('connecting');
      try {
        return await this.session.open();
      } catch (error) {
        this.view.connection(error instanceof Refused ? 'refused' : 'offline');
        if (error instanceof Refused) throw error;
      }
      do await this.wait(pause * (0.75 + Math.random() / 2));
      while (this.paused);
    }
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.endPause = resolve;
      setTimeout(resolve, ms);
    });
  }

  /** A token for one call, which is held in this chat's conversation; null where voice is off. */
  async callAccess(): Promise<CallAccess | null> {
    return accessOf(await this.session.open());
  }

  /** A call goes to the open conversation, or has begun one: then that is shown. */
  async seekConversation(): Promise<void> {
    for (const pause of SEEK_PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.paused || (this.conversationId && !this.ended)) return;
      const session = await this.session.open().catch(() => null);
      if (session?.conversationId) this.follow(session.conversationId);
    }
  }

  /** @param time length of the call, as it is shown */
  callEnded(time: string): void {
    this.transcript.note(`call-${Date.now()}`, this.phrases.phrase('callEnded', { time }), null);
    this.view.changed();
  }

  /** Sends once more what a reload interrupted. */
  resend(): void {
    for (const post of this.outbox.all()) {
      this.asked = Date.now();
      this.transcript.sending(post.id, post.text);
      void this.deliver(post);
    }
  }

  private follow(conversationId: string): void {
    if (this.conversationId === conversationId) return;
    if (this.conversationId) {
      this.realtime?.unsubscribe(this.conversationId);
      this.transcript.another();
    }
    this.conversationId = conversationId;
    this.ended = false;
    this.realtime?.subscribe(conversationId, 0);
  }

  private hearState(state: ConnectionState): void {
    if (state === 'online') this.fruitless = 0;
    if (state === 'offline' && (this.fruitless += 1) % DOUBTS === 0) this.session.renew();
    this.view.connection(state);
  }

  private hearTyping(name: string): void {
    this.typist = { name, until: Date.now() + TYPING_MS };
    this.view.changed();
    this.lookAgain(TYPING_MS);
  }

  private hear(frame: { name: string; sequence: number; data: Record<string, unknown> }): void {
    const { name, sequence, data } = frame;
    const before = this.owner;
    if (typeof data['owner'] === 'string') this.owner = data['owner'];
    if (name === 'conversation.message_posted' || name === 'conversation.message_changed') {
      const message = data['message'] as Message;
      if (message.author.type !== 'contact') this.typist.until = 0;
      this.transcript.put(message);
    } else if (name === 'conversation.owner_changed') {
      this.noteOwner(before, sequence);
    } else if (name === 'conversation.status_changed') {
      this.ended = data['status'] === 'closed';
      if (this.ended) this.transcript.dropStreaming();
      if (this.ended) this.transcript.note(`closed-${sequence}`, this.phrases.phrase('closed'), sequence);
    }
    if (name === 'conversation.deleted') this.forget();
    this.view.changed();
  }

  /** Nothing of a deleted conversation stays on the page; whatever is written next begins another one. */
  private forget(): void {
    this.transcript.forget();
    this.transcript.note(`deleted-${Date.now()}`, this.phrases.phrase('closed'), null);
    this.conversationId = null;
    this.ended = false;
  }

  private noteOwner(before: string, sequence: number): void {
    if (this.owner !== 'flow') this.transcript.dropStreaming();
    // An assignment changes no owner.
    if (this.owner === before) return;
    if (this.owner === 'human')
      this.transcript.note(`owner-${sequence}`, this.phrases.phrase('person'), sequence);
    else if (before === 'human')
      this.transcript.note(`owner-${sequence}`, this.phrases.phrase('agentAgain'), sequence);
  }

  /** The sign that somebody writes goes out by time alone. */
  private lookAgain(afterMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.view.changed(), afterMs + 50);
  }
}

function accessOf({ serverUrl, participantToken }: WidgetSession): CallAccess | null {
  return serverUrl && participantToken ? { serverUrl, participantToken } : null;
}
