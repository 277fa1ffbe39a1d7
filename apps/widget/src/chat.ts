import { RealtimeClient, type ConnectionState } from '@parley/client';
import type { Message } from '@parley/contracts';
import { SessionKeeper, type WidgetConfiguration } from './session.ts';
import { Transcript } from './transcript.ts';

/** What the chat tells its view. */
export interface ChatView {
  changed(): void;
  typing(name: string): void;
  connection(state: ConnectionState): void;
}

/** The chat behind the widget: session, connection and transcript, without a pixel. */
export class Chat {
  readonly transcript = new Transcript();
  configuration: WidgetConfiguration = {};
  private readonly session: SessionKeeper;
  private readonly view: ChatView;
  private realtime: RealtimeClient | null = null;
  private conversationId: string | null = null;
  private opening: Promise<void> | null = null;

  constructor(session: SessionKeeper, view: ChatView) {
    this.session = session;
    this.view = view;
  }

  /** Opens the session and the connection once; a failure can be tried again. */
  open(): Promise<void> {
    this.opening ??= this.start().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  close(): void {
    this.realtime?.close();
  }

  /** Sends a text; it is shown at once and settles when it is stored. */
  async send(text: string): Promise<void> {
    const postId = crypto.randomUUID();
    this.transcript.sending(postId, text);
    this.view.changed();
    try {
      await this.open();
      const message = await this.realtime?.post(
        postId,
        [{ type: 'text', text, format: 'plain' }],
        this.conversationId ?? undefined,
      );
      if (!message) throw new Error('The chat is closed.');
      this.transcript.posted(postId, message);
      this.follow(message.conversationId);
    } catch {
      this.transcript.failed(postId);
    }
    this.view.changed();
  }

  typing(): void {
    if (this.conversationId) this.realtime?.typing(this.conversationId);
  }

  private async start(): Promise<void> {
    const session = await this.session.open();
    this.configuration = session.configuration;
    this.realtime = new RealtimeClient({
      url: session.socketUrl,
      token: () => this.session.token(),
      listener: {
        event: (frame) => this.hear(frame),
        delta: (frame) => {
          if (this.transcript.delta(frame)) this.view.changed();
        },
        typing: (frame) => this.view.typing(frame.name),
        state: (state) => this.view.connection(state),
      },
    });
    this.realtime.connect();
    if (session.conversationId) this.follow(session.conversationId);
    this.view.changed();
  }

  private follow(conversationId: string): void {
    if (this.conversationId === conversationId) return;
    if (this.conversationId) this.realtime?.unsubscribe(this.conversationId);
    this.conversationId = conversationId;
    this.realtime?.subscribe(conversationId, 0);
  }

  private hear(frame: { name: string; sequence: number; data: Record<string, unknown> }): void {
    if (frame.name === 'conversation.message_posted' || frame.name === 'conversation.message_changed') {
      this.transcript.put(frame.data['message'] as Message);
    } else if (frame.name === 'conversation.owner_changed' && frame.data['owner'] === 'human') {
      this.transcript.note(`owner-${frame.sequence}`, 'A person will answer you here.', frame.sequence);
    }
    this.view.changed();
  }
}
