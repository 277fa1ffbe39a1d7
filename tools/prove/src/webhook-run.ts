import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@parley/client';
import { setUpChannel } from '@parley/contracts';
import { Webhook } from 'standardwebhooks';
import type { HistoryRecord } from './history.ts';
import type { Nemesis } from './nemesis.ts';
import { textOf } from './read-back.ts';
import type { Demo } from './stack.ts';

const POSTERS = 20;
const HOT = 4;
const COLD = 200;
const QUESTION = 'How do I add a channel?';
const REPEAT_MS = 100;
const TIMEOUT_MS = 15_000;

/** How much is sent, and how fast at most. */
export interface WebhookRunOptions {
  messages: number;
  perSecond: number;
  nemesis: Nemesis;
  /** Told how many posts are accepted and answered. */
  progress(accepted: number, answered: number): void;
}

/** A run over the custom channel: posters on one side, the callback on the other. */
export class WebhookRun {
  readonly history: HistoryRecord[] = [];
  channelId = '';
  private readonly demo: Demo;
  private readonly options: WebhookRunOptions;
  private readonly acceptedAt = new Map<string, number>();
  private readonly answered = new Set<string>();
  private readonly server = createServer((request, response) => {
    this.hear(request).then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  private secret = '';
  private sent = 0;
  /** Requests that were repeated because of an error, a refusal or no answer. */
  repeats = 0;

  constructor(demo: Demo, options: WebhookRunOptions) {
    this.demo = demo;
    this.options = options;
  }

  /** Makes a channel whose answers come here. */
  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const { port } = this.server.address() as AddressInfo;
    const client = createClient({ baseUrl: this.demo.baseUrl, token: this.demo.apiKey });
    const { channel, credentials } = await client.call(setUpChannel, {
      spaceId: this.demo.spaceId,
      channel: {
        deploymentType: 'CUSTOM',
        channelIdentifier: `prove-${Date.now()}`,
        configuration: { callbackUrl: `http://127.0.0.1:${port}/` },
      },
      target: { agentId: this.demo.agentId },
      activate: true,
    });
    this.channelId = channel.id;
    this.secret = (credentials?.webhookSecret ?? '').replace('whsec_', '');
  }

  /** Posts everything; resolves when the last post is accepted. */
  async post(): Promise<void> {
    const each = this.options.messages / POSTERS;
    await Promise.all(
      Array.from({ length: POSTERS }, async (_value, number) => {
        const pauseMs = (1000 * POSTERS) / this.options.perSecond;
        for (let place = 0; place < each; place += 1) {
          const began = performance.now();
          await this.postOne(`p${number}`, place, senderOf(number, place));
          await sleep(Math.max(0, pauseMs - (performance.now() - began)));
        }
      }),
    );
  }

  /** Waits until every post is answered, or nothing has come for a while. */
  async settle(patienceMs: number): Promise<void> {
    let count = -1;
    for (let quiet = 0; quiet < patienceMs && this.answered.size < this.acceptedAt.size; quiet += 100) {
      if (this.answered.size !== count) quiet = 0;
      count = this.answered.size;
      await sleep(100);
    }
    // A second answer would come late.
    await sleep(2000);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async postOne(poster: string, place: number, sender: string): Promise<void> {
    const token = `${poster}-${place}`;
    const text = textOf(QUESTION, token);
    const body = JSON.stringify({
      messageId: token,
      sender: { id: sender },
      parts: [{ type: 'text', text }],
    });
    const sentAt = performance.now();
    this.history.push({ type: 'posted', token });
    while (!(await this.send(token, body))) {
      this.repeats += 1;
      await sleep(REPEAT_MS);
    }
    this.acceptedAt.set(token, performance.now());
    this.history.push({ type: 'accepted', poster, place, token });
    this.options.nemesis.accepted(sentAt);
    this.sent += 1;
    this.options.progress(this.sent, this.answered.size);
  }

  private async send(token: string, body: string): Promise<boolean> {
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': token,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(this.secret).sign(token, now, body),
    };
    try {
      const url = `${this.demo.baseUrl}/api/v1/webhooks/custom/${this.channelId}`;
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(url, { method: 'POST', headers, body, signal });
      await response.text();
      if (response.ok) return true;
      if (response.status < 500 && response.status !== 429)
        throw new TypeError(`A sound webhook was refused with ${response.status}.`);
      return false;
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('A sound')) throw error;
      return false;
    }
  }

  private async hear(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    const answer = new Webhook(this.secret).verify(Buffer.concat(chunks).toString(), headers) as {
      inReplyTo: string | null;
      message: { id: string };
    };
    const { inReplyTo, message } = answer;
    const webhookId = headers['webhook-id'] ?? '';
    this.history.push({ type: 'delivered', webhookId, messageId: message.id, inReplyTo });
    if (inReplyTo === null || this.answered.has(inReplyTo)) return;
    this.answered.add(inReplyTo);
    this.options.nemesis.answered(this.acceptedAt.get(inReplyTo) ?? 0);
  }
}

/** Every other post goes to the sender that five posters share, the others to one of many. */
function senderOf(poster: number, place: number): string {
  if (place % 2 === 0) return `hot-${poster % HOT}`;
  return `cold-${Math.floor(Math.random() * COLD)}`;
}
