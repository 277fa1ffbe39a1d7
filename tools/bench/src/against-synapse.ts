import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Servers } from './floor.ts';
import { HttpLoad, type Shot } from './http-load.ts';
import { Matrix, type MatrixMessage, type MatrixUser } from './matrix.ts';
import { drift, median, MOST_DRIFT, quantile } from './numbers.ts';
import { startSynapse, SynapseMissing, type Synapse } from './synapse.ts';
import { answerRows, type Latency, throughputRow } from './synapse-rows.ts';
import type { Row } from './table.ts';

/** How often and with how many messages Synapse is measured. */
export interface SynapseRounds {
  rounds: number;
  messages: number;
}

/** How often and how long its latency is measured: its rate is found first. */
export interface SynapseSeconds {
  rounds: number;
  seconds: number;
}

/** What the comparison came to; no rows where Synapse is missing. */
export interface Comparison {
  rows: Row[];
  refused: string | null;
  raw: unknown;
}

/** A user who writes on one connection: into a room of its own, and every fourth message into a hot room. */
interface Writer {
  user: MatrixUser;
  cold: string;
  hot: string;
}

const CONNECTIONS = 64;
const HOT_ROOMS = 4;
const HOT_EVERY = 4;
const SETUP_AT_ONCE = 8;
const ACCEPTED = 200;
const PAIRS = 4;
const MOST_PER_SECOND = 20;
const PATIENCE_MS = 60_000;

/** Runs with a Synapse of its own, or says why there is no figure; the rest of the bench goes on. */
async function withSynapse(
  servers: Servers,
  work: (synapse: Synapse) => Promise<Comparison>,
): Promise<Comparison> {
  try {
    console.log('  Synapse: starting');
    const synapse = await startSynapse(servers);
    try {
      return await work(synapse);
    } finally {
      await synapse.stop();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`  Synapse: ${error instanceof SynapseMissing ? 'not compared' : 'no figure'}: ${reason}`);
    return { rows: [], refused: null, raw: reason };
  }
}

/** Does so many things at once, and answers in the order of the items. */
async function each<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...items.entries()];
  const take = async (): Promise<void> => {
    for (let one = left.shift(); one; one = left.shift()) results[one[0]] = await work(one[1], one[0]);
  };
  await Promise.all(Array.from({ length: SETUP_AT_ONCE }, take));
  return results;
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_value, index) => `${prefix}${index}`);

async function makeWriters(matrix: Matrix): Promise<Writer[]> {
  console.log(`  Synapse: making ${CONNECTIONS} users and ${CONNECTIONS + HOT_ROOMS} rooms`);
  const users = await each(names('writer', CONNECTIONS), (name) => matrix.register(name));
  const hot = await each(users.slice(0, HOT_ROOMS), (user) => matrix.makeRoom(user));
  return each(users, async (user, index) => {
    const shared = hot[index % HOT_ROOMS] ?? '';
    if (index >= HOT_ROOMS) await matrix.join(user, shared);
    return { user, cold: await matrix.makeRoom(user), hot: shared };
  });
}

/** Messages found and how often one of a sender stands before an earlier one, in histories of the rooms. */
async function checkHistories(matrix: Matrix, writers: readonly Writer[], run: string) {
  const reader = new Map(
    writers.flatMap(({ user, cold, hot }) => [[cold, user] as const, [hot, user] as const]),
  );
  const found = new Set<string>();
  let disorder = 0;
  await each([...reader], async ([room, user]) => {
    const last = new Map<string, number>();
    for (const { body, sender } of await matrix.history(user, room)) {
      const id = idOf(body);
      if (!id.startsWith(run)) continue;
      const position = Number(id.split('-').at(-1));
      if (position <= (last.get(sender) ?? -1)) disorder += 1;
      last.set(sender, position);
      found.add(id);
    }
  });
  return { found: found.size, disorder };
}

const idOf = (body: string): string => body.slice(0, body.indexOf(' '));

/** Closed loop: every writer sends its next message after the answer to its last. Messages a second. */
async function synapseThroughput(
  synapse: Synapse,
  writers: readonly Writer[],
  messages: number,
): Promise<number> {
  const matrix = new Matrix(synapse);
  const run = randomUUID().slice(0, 8);
  const each = Math.ceil(messages / writers.length);
  const lists = writers.map(({ user, cold, hot }, writer) =>
    Array.from({ length: each }, (_value, position) =>
      matrix.shot(user, position % HOT_EVERY === 0 ? hot : cold, `${run}-${writer}-${position}`),
    ),
  );
  const loads = writers.map(() => new HttpLoad(synapse.port, 1, ACCEPTED));
  try {
    const began = performance.now();
    const accepted = await Promise.all(loads.map((load, index) => load.closed(lists[index] ?? [])));
    const seconds = (performance.now() - began) / 1000;
    const sent = each * writers.length;
    const kept = accepted.reduce((sum, one) => sum + one, 0);
    const { found, disorder } = await checkHistories(matrix, writers, run);
    if (kept !== sent || found !== sent || disorder > 0)
      throw new Error(
        `Synapse: of ${sent} messages ${kept} were accepted, ${found} in the history, ${disorder} out of order.`,
      );
    return sent / seconds;
  } finally {
    for (const load of loads) load.close();
  }
}

/** F1 against Synapse: durable messages a second of both. */
export function compareThroughput(
  servers: Servers,
  ours: number,
  { rounds, messages }: SynapseRounds,
): Promise<Comparison> {
  return withSynapse(servers, async (synapse) => {
    const writers = await makeWriters(new Matrix(synapse));
    console.log('  Synapse: warming up');
    await synapseThroughput(synapse, writers, Math.ceil(messages / 4));
    const peers: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      peers.push(await synapseThroughput(synapse, writers, messages));
      console.log(`  F1 Synapse round ${round}: ${peers.at(-1)?.toFixed(1)}/s`);
    }
    return {
      rows: [throughputRow(median(peers), ours)],
      refused: apart('F1', peers),
      raw: { synapse: peers, ours },
    };
  });
}

function apart(figure: string, rounds: readonly number[]): string | null {
  const share = drift(rounds);
  return share > MOST_DRIFT
    ? `the rounds of Synapse in ${figure} lie ${(share * 100).toFixed(0)} % apart`
    : null;
}

/** Who writes and who reads, alone with each other in a room. */
interface Pair {
  writer: MatrixUser;
  reader: MatrixUser;
  room: string;
}

async function makePairs(matrix: Matrix): Promise<Pair[]> {
  return each(names('pair', PAIRS), async (name) => {
    const writer = await matrix.register(`${name}writer`);
    const reader = await matrix.register(`${name}reader`);
    const room = await matrix.makeRoom(writer);
    await matrix.join(reader, room);
    return { writer, reader, room };
  });
}

/** Reads by long polls until told to end; hands on each message with the time of its arrival. */
async function follow(
  matrix: Matrix,
  reader: MatrixUser,
  until: { ended: boolean; heard: (message: MatrixMessage, at: number) => void },
): Promise<void> {
  let { next } = await matrix.sync(reader, null);
  while (!until.ended) {
    const news = await matrix.sync(reader, next);
    ({ next } = news);
    for (const message of news.messages) until.heard(message, news.at);
  }
}

/** Open loop: from the due time of a message until its reader's long poll has it. Each must arrive once. */
async function seenLatency(
  synapse: Synapse,
  pairs: readonly Pair[],
  { perSecond, messages }: { perSecond: number; messages: number },
): Promise<Latency> {
  const matrix = new Matrix(synapse);
  const run = randomUUID().slice(0, 8);
  const shots: Shot[] = Array.from({ length: messages }, (_value, index) => index).flatMap((index) => {
    const pair = pairs[index % pairs.length];
    return pair ? [matrix.shot(pair.writer, pair.room, `${run}-${index}`)] : [];
  });
  const due = new Map<string, number>();
  const seen = new Map<string, number>();
  let twice = 0;
  const until = {
    ended: false,
    heard: ({ body }: MatrixMessage, at: number) => {
      const id = idOf(body);
      if (!id.startsWith(run)) return;
      if (seen.has(id)) twice += 1;
      else seen.set(id, at);
    },
  };
  const readers = Promise.all(pairs.map(({ reader }) => follow(matrix, reader, until)));
  const load = new HttpLoad(synapse.port, CONNECTIONS, ACCEPTED);
  try {
    await Promise.race([readers, load.open(shots, perSecond, (shot, at) => void due.set(shot.id, at))]);
    for (let waited = 0; seen.size < shots.length && waited < PATIENCE_MS; waited += 20) await sleep(20);
  } finally {
    until.ended = true;
    load.close();
    await readers;
  }
  if (seen.size !== shots.length || twice > 0)
    throw new Error(`Synapse: of ${shots.length} messages ${seen.size} were seen, ${twice} twice.`);
  // The first second warms up.
  const latencies = shots.slice(perSecond).map(({ id }) => (seen.get(id) ?? 0) - (due.get(id) ?? 0));
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

/** A rate that it keeps up with: half of what the pairs get through in a closed loop, and no more than need be. */
async function sustainedRate(synapse: Synapse, pairs: readonly Pair[]): Promise<number> {
  const writers = pairs.map(({ writer, room }) => ({ user: writer, cold: room, hot: room }));
  const warmUp = 120;
  await synapseThroughput(synapse, writers, warmUp);
  const most = await synapseThroughput(synapse, writers, warmUp);
  console.log(`  Synapse: ${writers.length} writers get ${most.toFixed(1)}/s through`);
  return Math.max(1, Math.min(MOST_PER_SECOND, Math.floor(most / 2)));
}

/** F3 against Synapse: a message until its reader has it, against a webhook until the channel has the answer. */
export function compareAnswers(
  servers: Servers,
  ours: {
    /** Measures at a rate. */
    at: (perSecond: number, seconds: number) => Promise<Latency>;
    /** What was measured before at the highest rate, if that has a figure. */
    most: { perSecond: number; latency: Latency } | null;
  },
  { rounds, seconds }: SynapseSeconds,
): Promise<Comparison> {
  return withSynapse(servers, async (synapse) => {
    const pairs = await makePairs(new Matrix(synapse));
    console.log('  Synapse: warming up');
    const perSecond = await sustainedRate(synapse, pairs);
    const messages = perSecond * seconds;
    const show = ({ p50, p99 }: Latency): string => `${p50.toFixed(1)}/${p99.toFixed(1)} ms`;
    const peers: Latency[] = [];
    const own: Latency[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const peer = await seenLatency(synapse, pairs, { perSecond, messages });
      const mine = await ours.at(perSecond, seconds);
      console.log(`  F3 Synapse at ${perSecond}/s round ${round}: ${show(peer)}, ours ${show(mine)}`);
      peers.push(peer);
      own.push(mine);
    }
    const peer = { perSecond, latencies: peers };
    const rows = answerRows(peer, { perSecond, latencies: own });
    if (ours.most)
      rows.push(...answerRows(peer, { perSecond: ours.most.perSecond, latencies: [ours.most.latency] }));
    const refused = apart(
      'F3',
      peers.map(({ p50 }) => p50),
    );
    return { rows, refused, raw: { perSecond, synapse: peers, ours: own } };
  });
}
