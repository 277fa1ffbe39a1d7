import { createClient } from '@parley/client';
import { listConversations, listEvents, listMessages, type Message } from '@parley/contracts';
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

/** Reads the whole history of a channel over the API: its messages, and every entry that takes a place beside them. */
export async function readBack(
  demo: Demo,
  channelId: string,
): Promise<(RecordOf<'stored'> | RecordOf<'entry'>)[]> {
  const client = createClient({ baseUrl: demo.baseUrl, token: demo.apiKey });
  const { spaceId } = demo;
  const found: (RecordOf<'stored'> | RecordOf<'entry'>)[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call(listConversations, {
      spaceId,
      channelId,
      limit: PAGE,
      ...(cursor ? { cursor } : {}),
    });
    for (const { id: conversationId } of page.data) {
      const place = { spaceId, conversationId, limit: PAGE };
      const messages = await readAll((afterSequence) =>
        client.call(listMessages, { ...place, afterSequence }),
      );
      const entries = await readAll((afterSequence) => client.call(listEvents, { ...place, afterSequence }));
      found.push(...messages.map(toRecord));
      for (const { sequence } of entries) found.push({ type: 'entry', conversationId, sequence });
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return found;
}

async function readAll<Item extends { sequence: number }>(
  read: (afterSequence: number) => Promise<{ data: Item[] }>,
): Promise<Item[]> {
  const all: Item[] = [];
  for (;;) {
    const { data } = await read(all.at(-1)?.sequence ?? 0);
    all.push(...data);
    if (data.length < PAGE) return all;
  }
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
