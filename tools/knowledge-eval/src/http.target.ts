import { randomUUID } from 'node:crypto';
import { createClient, HttpProblem } from '@parley/client';
import type { Client } from '@parley/client';
import {
  addDocument,
  createAgent,
  createKnowledgeBase,
  deleteAgent,
  deleteKnowledgeBase,
  listDocuments,
  searchKnowledge,
} from '@parley/contracts';
import type { GivenCitation, Page, Progress, Target } from './evaluation.ts';

const ANSWER_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
const MAX_TRIES = 20;

interface Message {
  author: { type: string };
  citations: { url?: string | null; passageId: string; quote: string }[];
  replyTo: string | null;
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** An installation over its HTTP API: questions go to an agent without a model, as a visitor's would. */
export class HttpTarget implements Target {
  private readonly client: Client;
  private readonly spaceId: string;
  private readonly knowledgeBaseId: string;
  private readonly agentId: string;

  private constructor(client: Client, ids: { spaceId: string; knowledgeBaseId: string; agentId: string }) {
    this.client = client;
    this.spaceId = ids.spaceId;
    this.knowledgeBaseId = ids.knowledgeBaseId;
    this.agentId = ids.agentId;
  }

  static async open(options: { baseUrl: string; apiKey: string; spaceId: string }): Promise<HttpTarget> {
    const client = createClient({ baseUrl: options.baseUrl, token: options.apiKey });
    const { spaceId } = options;
    const base = await client.call(createKnowledgeBase, { spaceId, name: 'Evaluation' });
    const agent = await client.call(createAgent, {
      spaceId,
      name: 'Evaluation',
      knowledgeBaseIds: [base.id],
    });
    return new HttpTarget(client, { spaceId, knowledgeBaseId: base.id, agentId: agent.id });
  }

  private get key(): { spaceId: string; knowledgeBaseId: string } {
    return { spaceId: this.spaceId, knowledgeBaseId: this.knowledgeBaseId };
  }

  async add(page: Page): Promise<void> {
    const input = { ...this.key, ...page };
    const idempotencyKey = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.client.call(addDocument, input, { idempotencyKey });
        return;
      } catch (error) {
        const mayRepeat = error instanceof HttpProblem && [429, 503, 504].includes(error.status);
        if (!mayRepeat || attempt === MAX_TRIES) {
          throw error;
        }
        await sleep((error.retryAfterSeconds ?? 1) * 1000);
      }
    }
  }

  async progress(): Promise<Progress> {
    const progress = { queued: 0, ingesting: 0, ready: 0, failed: 0 };
    let cursor: string | undefined;
    do {
      const page = await this.client.call(listDocuments, {
        ...this.key,
        limit: 200,
        ...(cursor ? { cursor } : {}),
      });
      for (const document of page.data) {
        progress[document.status] += 1;
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return progress;
  }

  async ask(question: string): Promise<GivenCitation[] | null> {
    const space = `/spaces/${this.spaceId}`;
    const conversation = await this.client.request<{ id: string }>('POST', `${space}/conversations`, {
      participants: [{ agentId: this.agentId }],
    });
    const messages = `${space}/conversations/${conversation.id}/messages`;
    const asked = await this.client.request<{ id: string }>('POST', messages, {
      parts: [{ type: 'text', text: question, format: 'plain' }],
    });
    const answer = await this.waitForAnswer(messages, asked.id);
    if (answer.citations.length === 0) {
      return null;
    }
    const texts = await this.passageTexts(question);
    return answer.citations.map(({ url, quote, passageId }) => ({
      url: url ?? null,
      quote,
      passageText: texts.get(passageId) ?? null,
    }));
  }

  private async waitForAnswer(messages: string, askedId: string): Promise<Message> {
    const end = Date.now() + ANSWER_TIMEOUT_MS;
    while (Date.now() < end) {
      const { data } = await this.client.request<{ data: Message[] }>('GET', messages);
      const answer = data.find((message) => message.author.type === 'agent' && message.replyTo === askedId);
      if (answer) {
        return answer;
      }
      await sleep(POLL_MS);
    }
    throw new Error(`The agent did not answer within ${ANSWER_TIMEOUT_MS / 1000} s.`);
  }

  private async passageTexts(question: string): Promise<Map<string, string>> {
    const { data } = await this.client.call(searchKnowledge, { ...this.key, q: question, limit: 50 });
    return new Map(data.map((hit) => [hit.passageId, hit.text]));
  }

  async close(): Promise<void> {
    await this.client.call(deleteAgent, { spaceId: this.spaceId, agentId: this.agentId });
    await this.client.call(deleteKnowledgeBase, this.key);
  }
}
