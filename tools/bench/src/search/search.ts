import { setTimeout as sleep } from 'node:timers/promises';
import { searchMessages } from '@parley/contracts';
import type pg from 'pg';
import type { Outcome } from '../f1.ts';
import type { Installation } from '../installation.ts';
import { quantile } from '../numbers.ts';
import { BURST, type CorpusMessage, corpus, orderNumber, SPACES } from './corpus.ts';

/** How large the corpus is, and how often each kind of search is made. */
export interface SearchProfile {
  messages: number;
  requests: number;
}

const GOAL_MS = 50;
const BATCH = 2000;
const CHANNELS = 7;
const CONTACTS = 50_000;
const PAGE = 25;
const WARM_UP = 10;
/** Sampled messages that queries are made of. */
const SAMPLES = 200;

type Query = Partial<
  Record<'q' | 'author' | 'authorType' | 'after' | 'before' | 'channelId' | 'hasFile', string>
>;

/**
 * Latency of message search over HTTP in an installation with many messages. They are written as those of a version before
 * search had terms, so that the installation segments them: that is measured too.
 */
export async function measureSearch(installation: Installation, profile: SearchProfile): Promise<Outcome> {
  const database = await installation.database();
  try {
    await fill(database, installation, profile.messages);
  } finally {
    await database.end();
  }
  await installation.stop();
  const samples = sample(profile.messages);
  const seconds = await segmented(installation);
  const rows: Outcome['rows'] = [];
  const raw: Record<string, number[]> = {};
  for (const [kind, queries] of Object.entries(queriesOf(samples, profile.messages))) {
    const latencies = await latenciesOf(installation, queries, profile.requests);
    raw[kind] = latencies;
    const [middle, slow] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
    rows.push({
      figure: `search, ${kind}`,
      floor: '-',
      ours: `p50 ${middle.toFixed(1)} ms, p99 ${slow.toFixed(1)} ms`,
      ratio: '-',
      goal: `p99 <= ${GOAL_MS} ms`,
      met: slow <= GOAL_MS ? 'yes' : 'no',
    });
  }
  const rate = Math.round(profile.messages / seconds);
  rows.push({
    figure: 'messages segmented after an upgrade',
    floor: '-',
    ours: `${rate}/s`,
    ratio: '-',
    goal: '-',
    met: '-',
  });
  return { rows, refused: null, raw };
}

/** Writes the corpus as messages without terms, into the spaces of the demo and one more. */
async function fill(database: pg.Client, { demo }: Installation, count: number): Promise<void> {
  const spaces = [demo.spaceId, demo.other.spaceId, 'space_bench'].slice(0, SPACES);
  await database.query('SET search_path = conversation');
  let batch: CorpusMessage[] = [];
  for (const message of corpus(count)) {
    batch.push(message);
    if (batch.length < BATCH) continue;
    await write(database, spaces, batch);
    batch = [];
  }
  await write(database, spaces, batch);
  await database.query(
    `INSERT INTO message_search_state (space_id, version, since) SELECT unnest($1::text[]), 0, now() - interval '1 day'
    ON CONFLICT (space_id) DO UPDATE SET version = 0, since = excluded.since`,
    [spaces],
  );
}

async function write(
  database: pg.Client,
  spaces: readonly string[],
  batch: readonly CorpusMessage[],
): Promise<void> {
  const spaceIds = batch.map(({ space }) => spaces[space]);
  const conversations = batch.map(({ conversation }) => `conv_bench${conversation}`);
  await database.query('BEGIN');
  await database.query(
    `INSERT INTO conversation (space_id, id, room_id, status, owner)
    SELECT DISTINCT space_id, id, 'room_bench', 'open', 'none' FROM unnest($1::text[], $2::text[]) AS given (space_id, id)
    ON CONFLICT DO NOTHING`,
    [spaceIds, conversations],
  );
  await database.query(
    `INSERT INTO message (space_id, conversation_id, sequence, id, author, parts, status, channel_id, created_at)
    SELECT space_id, conversation_id, sequence, id, author, parts, 'accepted', channel_id, created_at FROM unnest(
      $1::text[], $2::text[], $3::int[], $4::text[], $5::jsonb[], $6::jsonb[], $7::text[], $8::timestamptz[]
    ) AS given (space_id, conversation_id, sequence, id, author, parts, channel_id, created_at)`,
    [
      ...[spaceIds, conversations],
      batch.map(({ sequence }) => sequence),
      batch.map(({ id }) => id),
      batch.map((message) => JSON.stringify(authorOf(message))),
      batch.map((message) => JSON.stringify(partsOf(message))),
      batch.map(({ conversation }) => channelOf(conversation)),
      batch.map(({ at }) => at),
    ],
  );
  await database.query('COMMIT');
}

const channelOf = (conversation: number): string => `chan_bench${conversation % CHANNELS}`;
const contactOf = (conversation: number): string => `cont_bench${conversation % CONTACTS}`;

function authorOf({ author, conversation }: CorpusMessage): object {
  if (author === 'contact') return { type: 'contact', contactId: contactOf(conversation), name: 'Contact' };
  return author === 'agent'
    ? { type: 'agent', agentId: 'agent_bench', name: 'Agent' }
    : { type: 'account', accountId: `acc_bench${conversation % 40}`, name: 'Account' };
}

function partsOf({ text, hasFile }: CorpusMessage): object[] {
  const file = {
    type: 'attachment',
    assetId: 'asset_bench',
    name: 'a.pdf',
    contentType: 'application/pdf',
    size: 1,
  };
  return [{ type: 'text', text, format: 'plain' }, ...(hasFile ? [file] : [])];
}

/** Starts the installation and waits until it has segmented all messages; answers the seconds that took. */
async function segmented(installation: Installation): Promise<number> {
  const began = performance.now();
  await installation.start(installation.given);
  const database = await installation.database();
  try {
    for (;;) {
      const { rows } = await database.query(
        'SELECT 1 FROM conversation.message_search_state WHERE version = 0',
      );
      if (rows.length === 0) break;
      await sleep(1000);
    }
    const seconds = (performance.now() - began) / 1000;
    await database.query('VACUUM (ANALYZE) conversation.message, conversation.message_search');
    return seconds;
  } finally {
    await database.end();
  }
}

async function latenciesOf(
  { client, demo }: Installation,
  queries: readonly Query[],
  requests: number,
): Promise<number[]> {
  const latencies: number[] = [];
  for (let index = -WARM_UP; index < requests; index += 1) {
    const query = queries[Math.abs(index) % queries.length] ?? {};
    const began = performance.now();
    await client.call(searchMessages, { spaceId: demo.spaceId, limit: PAGE, ...query } as never);
    if (index >= 0) latencies.push(performance.now() - began);
  }
  return latencies;
}

/** Messages of the first space, spread over the corpus. */
function sample(count: number): CorpusMessage[] {
  const every = Math.max(1, Math.floor((count * 0.8) / SAMPLES));
  const found: CorpusMessage[] = [];
  let seen = 0;
  for (const message of corpus(count)) {
    if (message.space !== 0) continue;
    seen += 1;
    if (seen % every === 0) found.push(message);
  }
  return found;
}

const eastAsian = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Hangul}]{2,}/u;

function queriesOf(samples: readonly CorpusMessage[], count: number): Record<string, Query[]> {
  const words = samples
    .flatMap(({ text }) => text.match(/[\p{L}\p{M}]{8,}/gu) ?? [])
    .filter((word) => !eastAsian.test(word));
  const runs = samples.flatMap(({ text }) => eastAsian.exec(text)?.[0] ?? []);
  const q = (texts: readonly string[]): Query[] => texts.map((text) => ({ q: text }));
  const filters = samples.map(({ conversation, at }, index): Query => {
    const [after, before] = [at.getTime() - 7 * 86_400_000, at.getTime() + 7 * 86_400_000].map((time) =>
      new Date(time).toISOString(),
    );
    const all: Query[] = [
      { author: contactOf(conversation) },
      { hasFile: 'true' },
      { channelId: channelOf(conversation) },
      { authorType: 'account', after, before },
    ];
    return { q: ['order', 'the', 'Bestellung', 'liefer'][index % 4], ...all[(index >> 2) % 4] };
  });
  return {
    'frequent words': q(
      'the die order payment delivery Bestellung Rückerstattung hola merci заказ الطلب ऑर्डर'.split(' '),
    ),
    'rare words': q(words),
    'two words': q(words.map((word, index) => `${['order', 'bitte', 'the', 'que'][index % 4]} ${word}`)),
    'frequent parts of words': q('tion ing ung erstatt liefer aymen fact достав'.split(' ')),
    'rare parts of words': q(words.map((word) => [...word].slice(1, 7).join(''))),
    'Han, kana and Hangul': q(runs.map((run, index) => [...run].slice(0, 1 + (index % 4)).join(''))),
    identifiers: q(
      samples.flatMap((_message, index) => {
        const number = orderNumber(Math.floor((index / samples.length) * count));
        return [
          number,
          number.split('-')[1] ?? '',
          `person${index * 17}@example.com`,
          `0170 ${1_000_000 + index * 7919}`,
        ];
      }),
    ),
    'a word of an old month': q([BURST, BURST.slice(2, 8), `${BURST} order`, `the ${BURST}`]),
    'words with filters': filters,
    'filters alone': filters.map(({ q: _q, ...filter }) => filter),
    'words of no message': q(words.map((word) => `${word.slice(0, 4)}qqxj${word.slice(4)}`)),
  };
}
