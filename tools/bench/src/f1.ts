import { compareThroughput, type SynapseRounds } from './against-synapse.ts';
import type { Servers } from './floor.ts';
import { HttpLoad } from './http-load.ts';
import { drift, median, MOST_DRIFT, quantile } from './numbers.ts';
import { makeShots } from './shots.ts';
import { floorSide, handOffAtOnce, makeFlow, ourSide, requestPathSide, type Side } from './sides.ts';
import { compare, type Row } from './table.ts';

/** How long and how often is measured. */
export interface Throughput {
  rounds: number;
  messages: number;
  warmUp: number;
  /** Null where Synapse is not compared. */
  synapse: SynapseRounds | null;
}

const CONNECTIONS = 64;
const OPEN_CONNECTIONS = 128;
const SENDERS = 1000;
const LATENCY_SECONDS = 6;

/** What a figure came to; null rows where it is refused. */
export interface Outcome {
  rows: Row[];
  refused: string | null;
  raw: unknown;
}

/** Adds what a comparison with a peer came to, if there was one. */
export function withPeer(outcome: Outcome, peer: Outcome | null): Outcome {
  if (!peer) return outcome;
  return {
    rows: [...outcome.rows, ...peer.rows],
    refused: [outcome.refused, peer.refused].filter((one) => one !== null).join('; ') || null,
    raw: { ...(outcome.raw as object), synapse: peer.raw },
  };
}

/** Sends and waits until all is published; messages per second. A wrong count or order is an error, not a figure. */
async function throughput(side: Side, count: number): Promise<number> {
  const load = new HttpLoad(side.door.port, CONNECTIONS);
  try {
    await side.published.quiet();
    const storedBefore = await side.stored();
    const shots = makeShots(side.door, count, SENDERS);
    await side.published.mark();
    const began = performance.now();
    const accepted = await load.closed(shots);
    await side.published.reach(accepted);
    const seconds = (performance.now() - began) / 1000;
    const stored = (await side.stored()) - storedBefore;
    const { different, disorder } = await side.published.check();
    if (accepted !== count || stored !== count || different !== count || disorder > 0)
      throw new Error(
        `Of ${count} messages ${accepted} were accepted, ${stored} stored, ${different} published, ${disorder} out of order.`,
      );
    return count / seconds;
  } finally {
    load.close();
  }
}

/** p99 of the answer in an open loop, in ms. */
async function acceptLatency(side: Side, perSecond: number): Promise<number> {
  const load = new HttpLoad(side.door.port, OPEN_CONNECTIONS);
  try {
    const shots = makeShots(side.door, Math.round(perSecond * LATENCY_SECONDS), SENDERS);
    await side.published.mark();
    const latencies = await load.open(shots, perSecond, () => undefined);
    await side.published.reach(shots.length);
    // The first second warms up.
    return quantile(latencies.slice(Math.round(perSecond)), 0.99);
  } finally {
    load.close();
  }
}

async function floorRound<Result>(
  open: () => Promise<Side>,
  warmUp: number,
  work: (side: Side) => Promise<Result>,
): Promise<Result> {
  const side = await open();
  try {
    await warm(side, warmUp);
    return await work(side);
  } finally {
    await side.stop();
  }
}

async function warm(side: Side, count: number): Promise<void> {
  const load = new HttpLoad(side.door.port, CONNECTIONS);
  await load.closed(makeShots(side.door, count, SENDERS));
  load.close();
  await side.published.quiet(2000);
  await side.analyze();
}

/** F1 and F2: durable messages a second, and how long the answer to a webhook takes at half of the own maximum. */
export async function measureThroughput(servers: Servers, options: Throughput): Promise<Outcome> {
  const { rounds, messages, warmUp, synapse } = options;
  const floors: number[] = [];
  const ours: number[] = [];
  const own = await ourSide(servers, { flowId: await makeFlow(servers.installation, handOffAtOnce) });
  await warm(own, warmUp);
  for (let round = 0; round <= rounds; round += 1) {
    floors.push(
      await floorRound(
        () => floorSide(servers),
        warmUp,
        (side) => throughput(side, messages),
      ),
    );
    if (round < rounds) ours.push(await throughput(own, messages));
    console.log(
      `  F1 round ${round + 1}: floor ${floors.at(-1)?.toFixed(0)}/s${round < rounds ? `, ours ${ours.at(-1)?.toFixed(0)}/s` : ''}`,
    );
  }
  const usual = await floorRound(
    () => requestPathSide(servers),
    warmUp,
    (side) => throughput(side, Math.round(messages / 2)),
  );
  const half = median(ours) / 2;
  const ourLatency = await acceptLatency(own, half);
  const floorLatency = await floorRound(
    () => floorSide(servers),
    warmUp,
    (side) => acceptLatency(side, half),
  );
  const raw = { floors, ours, usual, half, floorLatency, ourLatency };
  const apart = drift(floors);
  const refused = apart > MOST_DRIFT ? `the floors of F1 lie ${(apart * 100).toFixed(0)} % apart` : null;
  return withPeer(
    { rows: rowsOf(raw), refused, raw },
    synapse && (await compareThroughput(servers, median(ours), synapse)),
  );
}

function rowsOf(of: {
  floors: readonly number[];
  ours: readonly number[];
  usual: number;
  half: number;
  floorLatency: number;
  ourLatency: number;
}): Row[] {
  return [
    compare({
      figure: 'F1 durable messages/s (closed loop)',
      unit: '/s',
      floor: median(of.floors),
      ours: median(of.ours),
      goal: { sign: '>=', ratio: 0.7 },
    }),
    compare({
      figure: 'F1 against the usual request path',
      unit: '/s',
      floor: of.usual,
      ours: median(of.ours),
      goal: { sign: '>=', ratio: 2 },
    }),
    compare({
      figure: `F2 accept p99 at ${of.half.toFixed(0)}/s (open loop)`,
      unit: 'ms',
      digits: 1,
      floor: of.floorLatency,
      ours: of.ourLatency,
      goal: { sign: '<=', ratio: 1.5 },
    }),
  ];
}
