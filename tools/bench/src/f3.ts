import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Graph } from '@parley/contracts';
import { compareAnswers, type SynapseSeconds } from './against-synapse.ts';
import { type Outcome, withPeer } from './f1.ts';
import type { Servers } from './floor.ts';
import { HttpLoad } from './http-load.ts';
import { drift, median, MOST_DRIFT, quantile } from './numbers.ts';
import { makeShots } from './shots.ts';
import { floorSide, makeFlow, ourSide, type Side } from './sides.ts';
import type { Latency } from './synapse-rows.ts';
import { compare } from './table.ts';

const CONNECTIONS = 128;
const SENDERS = 400;
const PATIENCE_MS = 20_000;

/** Hears answers; it reads of each only which message it answers. */
class Callback {
  url = '';
  readonly heard = new Map<string, number>();
  twice = 0;
  private readonly server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const at = performance.now();
      response.writeHead(204).end();
      const id = /"inReplyTo":"([^"]+)"/.exec(text)?.[1];
      if (id === undefined) return;
      if (this.heard.has(id)) this.twice += 1;
      else this.heard.set(id, at);
    });
  });

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** From the due time of a webhook until the callback has its answer; every message must be answered once. */
async function answerLatency(
  side: Side,
  callback: Callback,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Latency> {
  const load = new HttpLoad(side.door.port, CONNECTIONS);
  const due = new Map<string, number>();
  callback.heard.clear();
  callback.twice = 0;
  try {
    const shots = makeShots(side.door, Math.round(perSecond * seconds), SENDERS);
    await load.open(shots, perSecond, (shot, at) => void due.set(shot.id, at));
    for (let waited = 0; callback.heard.size < shots.length && waited < PATIENCE_MS; waited += 20)
      await sleep(20);
    const missing = shots.filter(({ id }) => !callback.heard.has(id)).length;
    if (missing > 0 || callback.twice > 0)
      throw new Error(`Of ${shots.length} messages ${missing} were not answered, ${callback.twice} twice.`);
    // The first second warms up.
    const measured = shots.slice(Math.round(perSecond));
    const latencies = measured.map(({ id }) => (callback.heard.get(id) ?? 0) - (due.get(id) ?? 0));
    return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
  } finally {
    load.close();
  }
}

/** Listens and says the same each time: what is measured is the way, not a model. */
const sayThanks: Graph = {
  start: 'listen',
  steps: [
    { id: 'listen', type: 'listen', settings: {}, outcomes: { next: 'say' } },
    { id: 'say', type: 'say', settings: { text: 'Thank you.' }, outcomes: { next: 'listen' } },
  ],
};

/** How long and how often is measured. */
export interface Answers {
  rounds: number;
  seconds: number;
  rates: readonly number[];
  /** Null where Synapse is not compared. */
  synapse: SynapseSeconds | null;
}

/** F3: webhook → flow → reply handed to the channel, at fixed rates. */
export async function measureAnswers(servers: Servers, options: Answers): Promise<Outcome> {
  const callback = new Callback();
  await callback.open();
  const outcome: Outcome = { rows: [], refused: null, raw: {} };
  const raw: Record<string, unknown> = {};
  let most: { perSecond: number; latency: Latency } | null = null;
  let peer: Outcome | null = null;
  try {
    const flowId = await makeFlow(servers.installation, sayThanks);
    const own = await ourSide(servers, { callbackUrl: callback.url, flowId });
    await answerLatency(own, callback, { perSecond: 100, seconds: 8 });
    await own.analyze();
    for (const perSecond of options.rates) {
      const measured = await atRate(servers, { own, callback, perSecond, options }).catch((error: unknown) =>
        String(error),
      );
      raw[perSecond] = measured;
      if (typeof measured === 'string') {
        console.log(`  F3 at ${perSecond}/s has no figure: ${measured}`);
        await own.published.quiet(2000);
        continue;
      }
      const { floors, ours } = measured;
      most = { perSecond, latency: middle(ours) };
      for (const share of ['p50', 'p99'] as const)
        outcome.rows.push(
          compare({
            figure: `F3 webhook to answer ${share} at ${perSecond}/s (open loop)`,
            unit: 'ms',
            digits: 1,
            floor: middle(floors)[share],
            ours: middle(ours)[share],
            goal: { sign: '<=', ratio: 2 },
          }),
        );
      const apart = drift(floors.map(({ p50 }) => p50));
      if (apart > MOST_DRIFT)
        outcome.refused = `the floors of F3 lie ${(apart * 100).toFixed(0)} % apart at ${perSecond}/s`;
    }
    const at = (perSecond: number, seconds: number): Promise<Latency> =>
      answerLatency(own, callback, { perSecond, seconds });
    peer = options.synapse && (await compareAnswers(servers, { at, most }, options.synapse));
  } finally {
    callback.close();
  }
  return withPeer({ ...outcome, raw }, peer);
}

function middle(rounds: readonly Latency[]): Latency {
  return { p50: median(rounds.map(({ p50 }) => p50)), p99: median(rounds.map(({ p99 }) => p99)) };
}

async function atRate(
  servers: Servers,
  run: { own: Side; callback: Callback; perSecond: number; options: Answers },
): Promise<{ floors: Latency[]; ours: Latency[] }> {
  const { own, callback, perSecond, options } = run;
  const { rounds, seconds } = options;
  const floors: Latency[] = [];
  const ours: Latency[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const floor = await floorSide(servers, callback.url);
    try {
      await answerLatency(floor, callback, { perSecond, seconds: 2 });
      await floor.analyze();
      floors.push(await answerLatency(floor, callback, { perSecond, seconds }));
    } finally {
      await floor.stop();
    }
    if (round < rounds) ours.push(await answerLatency(own, callback, { perSecond, seconds }));
    const [floorNow, oursNow] = [floors.at(-1), round < rounds ? ours.at(-1) : undefined];
    const show = (one?: Latency): string => (one ? `${one.p50.toFixed(1)}/${one.p99.toFixed(1)} ms` : '-');
    console.log(`  F3 at ${perSecond}/s round ${round + 1}: floor ${show(floorNow)}, ours ${show(oursNow)}`);
  }
  return { floors, ours };
}
