import { createConversation, newId, postMessage } from '@parley/contracts';
import { type KyselyPlugin, RawNode, sql } from 'kysely';
import { type ConversationBench, openBench, spaceId, text } from '../../test/bench.ts';
import type { ConversationTrx } from '../database.ts';
import { MessagesRepository } from './messages.repository.ts';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

const HISTORY = 5000;
let bench: ConversationBench;
let conversationId: string;

beforeAll(async () => {
  bench = await openBench();
  conversationId = (await bench.call(createConversation, { spaceId })).id;
  const other = (await bench.call(createConversation, { spaceId })).id;
  for (const id of [conversationId, other]) {
    await bench.in((trx) =>
      sql`INSERT INTO message (space_id, conversation_id, sequence, id, author, parts, status)
        SELECT ${spaceId}, ${id}, no + 1, ${newId('msg')} || lpad(no::text, 8, '0'), '{"type":"account","accountId":"acc_bea","name":"Bea"}', '[]', 'accepted'
        FROM generate_series(1, ${sql.lit(HISTORY)}) AS no`.execute(trx),
    );
    await bench.in((trx) =>
      sql`UPDATE conversation SET last_sequence = ${HISTORY + 1} WHERE id = ${id}`.execute(trx),
    );
  }
});
afterAll(() => bench.close());

/** Rows of messages that a query reads, as PostgreSQL counts them while it runs it. */
async function messagesRead(run: (trx: ConversationTrx) => Promise<unknown>): Promise<number> {
  let read = 0;
  const explaining: KyselyPlugin = {
    transformQuery: ({ node }) => RawNode.create(['EXPLAIN (ANALYZE, FORMAT JSON) ', ''], [node]),
    transformResult: ({ result }) => {
      for (const row of result.rows as { 'QUERY PLAN': { Plan: PlanNode }[] }[])
        for (const { Plan } of row['QUERY PLAN']) read += countMessages(Plan);
      return Promise.resolve({ rows: [] });
    },
  };
  await bench.in((trx) => run(trx.withPlugin(explaining) as ConversationTrx));
  return read;
}

function countMessages(node: PlanNode): number {
  const own =
    node['Relation Name'] === 'message'
      ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + countMessages(child), own);
}

test('what a list shows of a conversation reads a bounded part of its history', async () => {
  const messages = bench.get(MessagesRepository);
  const key = [{ space_id: spaceId, id: conversationId }];
  const last = await messagesRead((trx) => messages.last(trx, key, false));
  const unread = await messagesRead((trx) =>
    messages.unread(trx, key, { id: 'acc_ada', withInternal: true, ownsSpace: false }),
  );
  expect(last).toBe(1);
  expect(unread).toBe(200);
});

test('a post into a long conversation goes on with its sequence', async () => {
  const message = await bench.call(postMessage, { spaceId, conversationId, parts: text('next') });
  expect(message.sequence).toBe(HISTORY + 2);
});
