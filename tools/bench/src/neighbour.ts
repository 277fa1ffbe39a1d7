import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@parley/client';
import { createApiKey, createConversation } from '@parley/contracts';
import type { Outcome } from './f1.ts';
import { HttpLoad, type Shot } from './http-load.ts';
import type { Installation } from './installation.ts';
import { quantile } from './numbers.ts';
import { compare } from './table.ts';

/** How long and how often is measured. */
export interface Neighbour {
  rounds: number;
  seconds: number;
}

/** Requests a second of one space by default, `RATE_LIMIT_SPACE` of the gateway. */
const SPACE_LIMIT = 100;
/** What the busy space offers: half of it is refused. */
const OFFERED = 2 * SPACE_LIMIT;
/** Seconds until the busy space has used up what it had saved. */
const BURST_SECONDS = 8;
/** Requests a second of the space that is measured, half lists and half posts. */
const QUIET_RATE = 20;
const CONNECTIONS = 32;

/** One space with a conversation, and requests of its keys. */
class Tenant {
  private readonly port: number;
  private readonly spaceId: string;
  private readonly keys: readonly string[];
  private readonly conversationId: string;
  private count = 0;

  private constructor(
    port: number,
    of: { spaceId: string; keys: readonly string[]; conversationId: string },
  ) {
    this.port = port;
    this.spaceId = of.spaceId;
    this.keys = of.keys;
    this.conversationId = of.conversationId;
  }

  /** @param keys how many; a key has a limit of its own */
  static async open(
    { port, demo }: Installation,
    { spaceId, apiKey }: { spaceId: string; apiKey: string },
    keys: number,
  ): Promise<Tenant> {
    const client = createClient({ baseUrl: demo.baseUrl, token: apiKey });
    const made = await Promise.all(
      Array.from({ length: keys }, (_value, index) =>
        client.call(createApiKey, { spaceId, name: `Bench ${index}`, role: 'admin' }),
      ),
    );
    const { id } = await client.call(createConversation, { spaceId, participants: [] });
    return new Tenant(port, { spaceId, keys: made.map(({ key }) => key), conversationId: id });
  }

  /** Requests of one kind, the keys in turn. */
  shots(kind: 'list' | 'post', count: number): Shot[] {
    return Array.from({ length: count }, () => {
      const id = String((this.count += 1));
      const key = this.keys[this.count % this.keys.length] ?? '';
      return { id, bytes: kind === 'list' ? this.request(key, 'GET', '?limit=20') : this.post(key, id) };
    });
  }

  private post(key: string, id: string): Buffer {
    const body = JSON.stringify({ parts: [{ type: 'text', text: `Message ${id} of the bench.` }] });
    return this.request(key, 'POST', `/${this.conversationId}/messages`, body);
  }

  private request(key: string, method: string, path: string, body?: string): Buffer {
    const lines = [
      `${method} /api/v1/spaces/${this.spaceId}/conversations${path} HTTP/1.1`,
      `host: 127.0.0.1:${this.port}`,
      `authorization: Bearer ${key}`,
      ...(body === undefined
        ? []
        : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
  }
}

interface Offered {
  latencies: number[];
  refused: number;
}

/** Lists and posts at a rate for a time, half of each. */
async function offer(port: number, tenant: Tenant, perSecond: number, seconds: number): Promise<Offered> {
  const half = Math.round((perSecond * seconds) / 2);
  const kinds = [
    { load: new HttpLoad(port, CONNECTIONS, 200), shots: tenant.shots('list', half) },
    { load: new HttpLoad(port, CONNECTIONS, 201), shots: tenant.shots('post', half) },
  ];
  try {
    const found = await Promise.all(kinds.map(({ load, shots }) => load.offer(shots, perSecond / 2)));
    return {
      latencies: found.flatMap(({ latencies }) => latencies),
      refused: found.reduce((sum, { refused }) => sum + refused, 0),
    };
  } finally {
    for (const { load } of kinds) load.close();
  }
}

/**
 * One space at its limits, another one beside it: the p99 of the second one's requests against that of the same requests
 * while nobody else asks. Quiet and busy rounds alternate.
 */
export async function measureNeighbour(installation: Installation, options: Neighbour): Promise<Outcome> {
  const { port, demo } = installation;
  const busy = await Tenant.open(installation, demo, 4);
  const neighbour = await Tenant.open(installation, demo.other, 1);
  const { rounds, seconds } = options;
  const measure = async (): Promise<number[]> => {
    const { latencies, refused } = await offer(port, neighbour, QUIET_RATE, seconds);
    if (refused > 0) throw new Error(`${refused} requests of the neighbour were refused.`);
    return latencies;
  };
  await offer(port, neighbour, QUIET_RATE, 5);
  const found = { quiet: [] as number[], busy: [] as number[] };
  const granted: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    found.quiet.push(...(await measure()));
    const noise = offer(port, busy, OFFERED, BURST_SECONDS + seconds);
    await sleep(BURST_SECONDS * 1000);
    found.busy.push(...(await measure()));
    const { latencies } = await noise;
    granted.push(latencies.length);
    // What was posted is delivered, and the burst is saved up again.
    await sleep(6000);
  }
  // A full burst of five seconds comes on top in each round.
  const allowed = SPACE_LIMIT * (BURST_SECONDS + seconds + 5);
  const row = compare({
    figure: `Neighbour p99 beside a space that offers ${OFFERED}/s (granted ${(granted.reduce((sum, one) => sum + one, 0) / rounds / allowed).toFixed(2)} of its limit)`,
    unit: 'ms',
    digits: 1,
    floor: quantile(found.quiet, 0.99),
    ours: quantile(found.busy, 0.99),
    goal: { sign: '<=', ratio: 2 },
  });
  const p50 = [quantile(found.quiet, 0.5), quantile(found.busy, 0.5)];
  return { rows: [row], refused: null, raw: { granted, allowed, p50, quiet: found.quiet, busy: found.busy } };
}
