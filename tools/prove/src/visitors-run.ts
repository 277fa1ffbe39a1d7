import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, RealtimeClient, type RealtimeOptions } from '@parley/client';
import { type Message, setUpChannel } from '@parley/contracts';
import type { HistoryRecord } from './history.ts';
import type { Nemesis } from './nemesis.ts';
import WebSocket from 'ws';
import { textOf, tokenOf } from './read-back.ts';
import type { Demo } from './stack.ts';

const VISITORS = 20;
const QUESTION = 'What is a space?';
const SESSION_TRIES = 50;

/** How much is posted, and how fast at most. */
export interface VisitorsRunOptions {
  messages: number;
  perSecond: number;
  nemesis: Nemesis;
  progress(accepted: number, answered: number): void;
}

/** Visitors on sockets: they post, lose their connection now and then, resume, and write down what they see. */
export class VisitorsRun {
  readonly history: HistoryRecord[] = [];
  channelId = '';
  private readonly demo: Demo;
  private readonly options: VisitorsRunOptions;
  private readonly tokens = new Map<string, { token: string; acceptedAt: number }>();
  private readonly answered = new Set<string>();
  private readonly clients: RealtimeClient[] = [];
  private accepted = 0;
  /** Connections that were broken on purpose. */
  breaks = 0;

  constructor(demo: Demo, options: VisitorsRunOptions) {
    this.demo = demo;
    this.options = options;
  }

  /** Makes a channel of its own, so that a run meets nobody else's conversations. */
  async open(): Promise<void> {
    const { baseUrl, apiKey, spaceId, agentId } = this.demo;
    const { channel } = await createClient({ baseUrl, token: apiKey }).call(setUpChannel, {
      spaceId,
      channel: {
        deploymentType: 'WEB',
        channelIdentifier: baseUrl,
        configuration: { communicationType: 'UNIFIED', widgetConfiguration: { position: 'right' } },
      },
      target: { agentId },
      activate: true,
    });
    this.channelId = channel.id;
  }

  async post(): Promise<void> {
    const each = Math.ceil(this.options.messages / VISITORS);
    await Promise.all(Array.from({ length: VISITORS }, (_value, number) => this.visit(`v${number}`, each)));
  }

  async settle(patienceMs: number): Promise<void> {
    let count = -1;
    for (let quiet = 0; quiet < patienceMs && this.answered.size < this.accepted; quiet += 100) {
      if (this.answered.size !== count) quiet = 0;
      count = this.answered.size;
      await sleep(100);
    }
    await sleep(2000);
  }

  close(): Promise<void> {
    for (const client of this.clients) client.close();
    return Promise.resolve();
  }

  private async visit(viewer: string, posts: number): Promise<void> {
    const { visitorToken, socketUrl } = await this.session();
    const sockets = new Set<WebSocket>();
    const client = new RealtimeClient({
      url: socketUrl,
      token: () => visitorToken,
      firstPauseMs: 50,
      webSocket: trackedIn(sockets, this.demo.baseUrl),
      listener: { event: (frame) => this.see(viewer, frame) },
    });
    this.clients.push(client);
    client.connect();
    const pauseMs = (1000 * VISITORS) / this.options.perSecond;
    for (let place = 0; place < posts; place += 1) {
      const began = performance.now();
      const token = `${viewer}-${place}`;
      this.history.push({ type: 'posted', token });
      const sending = client.post(token, [{ type: 'text', text: textOf(QUESTION, token), format: 'plain' }]);
      if (Math.random() < 0.05) this.break(sockets);
      const message = await sending;
      this.accept(viewer, place, { token, message, sentAt: began });
      client.subscribe(message.conversationId, 0);
      await sleep(Math.max(0, pauseMs - (performance.now() - began)));
    }
  }

  private break(sockets: Set<WebSocket>): void {
    this.breaks += 1;
    for (const socket of sockets) socket.terminate();
    sockets.clear();
  }

  private accept(
    viewer: string,
    place: number,
    post: { token: string; message: Message; sentAt: number },
  ): void {
    const { token, message, sentAt } = post;
    this.history.push({ type: 'accepted', poster: viewer, place, token });
    this.tokens.set(message.id, { token, acceptedAt: performance.now() });
    this.options.nemesis.accepted(sentAt);
    this.accepted += 1;
    this.options.progress(this.accepted, this.answered.size);
  }

  private see(
    viewer: string,
    frame: { name: string; conversationId: string; sequence: number; data: unknown },
  ): void {
    if (frame.name !== 'conversation.message_posted') return;
    const { message } = frame.data as { message: Message };
    const { conversationId, sequence } = frame;
    this.history.push({ type: 'seen', viewer, conversationId, sequence, messageId: message.id });
    if (tokenOf(message) !== null || !message.replyTo || this.answered.has(message.replyTo)) return;
    this.answered.add(message.replyTo);
    this.options.nemesis.answered(this.tokens.get(message.replyTo)?.acceptedAt ?? 0);
  }

  private async session(): Promise<{ visitorToken: string; socketUrl: string }> {
    const { baseUrl } = this.demo;
    const own = createClient({
      baseUrl,
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, origin: baseUrl } }),
    });
    for (let tries = 1; ; tries += 1) {
      try {
        return await own.request('POST', `/widget/${this.channelId}/sessions`, {});
      } catch (error) {
        if (tries >= SESSION_TRIES) throw error;
        await sleep(200);
      }
    }
  }
}

/** Sockets as a page of the site opens them, whose connections can be broken from outside. */
function trackedIn(sockets: Set<WebSocket>, origin: string): NonNullable<RealtimeOptions['webSocket']> {
  const Tracked = class extends WebSocket {
    constructor(url: string) {
      super(url, { origin });
      sockets.add(this);
    }
  };
  return Tracked as unknown as NonNullable<RealtimeOptions['webSocket']>;
}
