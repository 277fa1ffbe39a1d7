import { createClient } from '@parley/client';
import { listConversations, listMessages, type Message } from '@parley/contracts';
import type { RecordOf } from './history.ts';
import type { Demo } from './stack.ts';

const PAGE = 200;

/** Token at the end of a post's text. */
const TOKEN = /\[([\w-]+)\]$/u;

/** The text of a post, which carries its token. */
export function textOf(question: string, token: string): string {
  return `${question} [${token}]`;
}

/** Token of a message that a poster sent; null for any other. */
export function tokenOf(message: Pick<Message, 'author' | 'parts'>): string | null {
  const [part] = message.parts;
  if (message.author.type !== 'contact' || part?.type !== 'text') return null;
  return TOKEN.exec(part.text)?.[1] ?? null;
}

/** Reads the whole history of a channel over the API. */
export async function readBack(demo: Demo, channelId: string): Promise<RecordOf<'stored'>[]> {
  const client = createClient({ baseUrl: demo.baseUrl, token: demo.apiKey });
  const { spaceId } = demo;
  const found: RecordOf<'stored'>[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call(listConversations, {
      spaceId,
      channelId,
      limit: PAGE,
      ...(cursor ? { cursor } : {}),
    });
    for (const { id: conversationId } of page.data) {
      for (let afterSequence = 0; ; ) {
        const { data } = await client.call(listMessages, {
          spaceId,
          conversationId,
          afterSequence,
          limit: PAGE,
        });
        found.push(...data.map(toRecord));
        afterSequence = data.at(-1)?.sequence ?? afterSequence;
        if (data.length < PAGE) break;
      }
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return found;
}

function toRecord(message: Message): RecordOf<'stored'> {
  const { conversationId, sequence, author, id, replyTo } = message;
  return {
    type: 'stored',
    conversationId,
    sequence,
    messageId: id,
    author: author.type,
    token: tokenOf(message),
    replyTo: replyTo ?? null,
  };
}
