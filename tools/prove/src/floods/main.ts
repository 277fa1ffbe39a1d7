/** Floods an installation's sockets, and measures the gateway meanwhile: prove.mjs floods [--home folder] [--seconds n]. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { pidOf } from '../nemesis.ts';
import { quantile } from '../report.ts';
import { openStack, type Stack } from '../stack.ts';
import type { Flood, FloodReport } from './flooder.worker.ts';

const PER_SECOND = 20_000;
const SILENT = 1000;
const MOST_P99_MS = 250;
/** What a process may grow by while it is flooded. */
const MOST_GROWTH_MB = 200;
const PROBE_MS = 10;
const MEGABYTE = 1024 * 1024;
const PAGE_BYTES = 4096;

const { values } = parseArgs({
  options: { home: { type: 'string' }, seconds: { type: 'string', default: '10' } },
});

/** What was measured while a flood went on. */
interface Measured {
  p99: number;
  slowest: number;
  probes: number;
  /** Megabytes of resident memory before and at most. */
  memory: Record<string, { before: number; most: number }>;
}

const processes = ['channel-gateway', 'audio-bridge'] as const;

function memoryOf(home: string, name: string): number {
  const pid = pidOf(home, name);
  if (pid === null) return 0;
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * PAGE_BYTES) / MEGABYTE;
}

async function measure({ demo, home }: Stack, isOver: () => boolean): Promise<Measured> {
  const times: number[] = [];
  const memory = Object.fromEntries(
    processes.map((name) => [name, { before: memoryOf(home, name), most: memoryOf(home, name) }]),
  );
  while (!isOver()) {
    const began = performance.now();
    const response = await fetch(`${demo.baseUrl}/healthz`);
    await response.text();
    times.push(response.ok ? performance.now() - began : Infinity);
    if (times.length % 10 === 0)
      for (const [name, one] of Object.entries(memory)) one.most = Math.max(one.most, memoryOf(home, name));
    await sleep(PROBE_MS);
  }
  return { p99: quantile(times, 0.99), slowest: Math.max(...times), probes: times.length, memory };
}

async function run(flood: Flood): Promise<FloodReport> {
  const worker = new Worker(new URL('./flooder.worker.ts', import.meta.url), { workerData: flood });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Floods once and prints what came of it; whether the gateway went on serving. */
async function prove(stack: Stack, name: string, flood: Flood): Promise<boolean> {
  let isOver = false;
  const flooding = run(flood).finally(() => (isOver = true));
  const [report, measured] = await Promise.all([flooding, measure(stack, () => isOver)]);
  const { p99, slowest, probes, memory } = measured;
  const grown = Object.entries(memory).map(([process, { before, most }]) => ({ process, before, most }));
  const isServed = p99 <= MOST_P99_MS && grown.every(({ before, most }) => most - before <= MOST_GROWTH_MB);
  console.log(`\n${name}`);
  console.log(`  frames written        ${report.written}, not taken ${report.held}`);
  console.log(`  connections           ${report.connections}, ended ${JSON.stringify(report.ends)}`);
  console.log(
    `  /healthz              p99 ${p99.toFixed(1)} ms, slowest ${slowest.toFixed(1)} ms of ${probes}`,
  );
  for (const { process, before, most } of grown)
    console.log(`  ${process.padEnd(21)} ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most`);
  if (!isServed) console.log(`  over ${MOST_P99_MS} ms or ${MOST_GROWTH_MB} MB`);
  return isServed;
}

/** A visitor of the demo channel. */
async function visitorOf({ demo }: Stack): Promise<{ token: string; url: string }> {
  const response = await fetch(`${demo.baseUrl}/api/v1/widget/${demo.webChannelId}/sessions`, {
    method: 'POST',
    headers: { origin: demo.baseUrl, 'content-type': 'application/json' },
    body: '{}',
  });
  const { visitorToken, socketUrl } = (await response.json()) as { visitorToken: string; socketUrl: string };
  return { token: visitorToken, url: socketUrl };
}

async function floodsOf(stack: Stack): Promise<[string, Flood][]> {
  const { baseUrl, flowId } = stack.demo;
  const { token, url } = await visitorOf(stack);
  const greeting = JSON.stringify({ type: 'authenticate', token });
  const common = { origin: baseUrl, perSecond: PER_SECOND, sockets: 1, seconds: Number(values.seconds) };
  const visitor = { ...common, url, greeting };
  const session = { ...common, url: `${baseUrl.replace(/^http/, 'ws')}/ws/flow/${flowId}`, greeting: null };
  return [
    ['/ws/realtime: one visitor, frames of an unknown type', { ...visitor, frame: '{"type":"unknown"}' }],
    ['/ws/realtime: one visitor, pings of the protocol', { ...visitor, frame: '{"type":"ping"}' }],
    ['/ws/realtime: one visitor, control pings', { ...visitor, frame: 'ping' }],
    [
      `/ws/realtime: ${SILENT} sockets that never authenticate`,
      { ...common, url, greeting: null, frame: null, sockets: SILENT },
    ],
    ['/ws/flow: one page, texts', { ...session, frame: '{"type":"text","text":"flood"}' }],
    ['/ws/flow: one page, sound', { ...session, frame: 'sound' }],
    ['/ws/flow: one page, control pings', { ...session, frame: 'ping' }],
  ];
}

const stack = await openStack(values.home);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stack.stop().finally(() => process.exit(1)));
try {
  let isServed = true;
  for (const [name, flood] of await floodsOf(stack)) isServed = (await prove(stack, name, flood)) && isServed;
  console.log(isServed ? '\nThe gateway served all the while.' : '\nThe gateway was held up.');
  process.exitCode = isServed ? 0 : 1;
} finally {
  await stack.stop();
}
