import { parseArgs } from 'node:util';
import { findLiveKitServer, findNatsServer, findS3Server, startTestServers } from '@parley/testing';
import { built, ensureChromium, staticChecks } from './checks.ts';
import { type Counts, type JestRun, runJest } from './jest-run.ts';
import { root } from './workspace.ts';

const began = performance.now();
const minutes = (since: number): string => `${((performance.now() - since) / 60_000).toFixed(1)} min`;

const specs = 'jest.config.mjs';
const stories = 'apps/e2e/jest.config.mjs';
const alone = 'apps/e2e/alone.config.mjs';

/** Calls one after the other, each as long as what is said in it. `npm test` hears one in a page and one that is cut into. */
const calls = {
  stories: ['src/free-speech', 'src/flow-socket-sound', 'src/silence-noise', 'src/voice-kills'],
  specs: [
    'apps/voice-agent/.*integration',
    'apps/telephony/.*integration',
    'speech/embedded',
    'libs/testing/src/voice',
  ],
  alone: ['alone/phone', 'alone/widget-call'],
};

interface Plan {
  /** So many runs at a time fill two cores: much of each is waiting. With more, what goes by the clock is disturbed. */
  lanes: number;
  /** In the order in which they are begun: what takes long comes first. */
  runs: readonly JestRun[];
}

const test: Plan = {
  lanes: 2,
  runs: [
    { name: 'stories', config: stories, without: calls.stories },
    { name: 'libraries', config: specs, only: [`${root}libs/`, `${root}tools/`], without: calls.specs },
    { name: 'services', config: specs, only: [`${root}apps/`], without: calls.specs },
    { name: 'start', config: alone, without: calls.alone },
  ],
};

const testCalls: Plan = {
  lanes: 2,
  runs: [
    { name: 'voice', config: specs, only: calls.specs },
    { name: 'phone', config: alone, only: ['alone/phone'] },
    { name: 'calls', config: stories, only: calls.stories },
    { name: 'widget', config: alone, only: ['alone/widget-call'] },
  ],
};

/** PARLEY_TEST_LANES=1 takes longer and is less disturbed. */
const LANES = Number(process.env['PARLEY_TEST_LANES']) || null;

/** Takes one run after the other, on servers of its own, whose streams and databases no other one sees. */
async function work(waiting: JestRun[]): Promise<Counts[]> {
  const servers = await startTestServers();
  const env = { PARLEY_TEST_DATABASE_URL: servers.databaseUrl, PARLEY_TEST_NATS_URL: servers.natsUrl };
  const counts: Counts[] = [];
  try {
    for (let run = waiting.shift(); run; run = waiting.shift()) {
      const since = performance.now();
      counts.push(await runJest({ ...run, env }));
      console.log(`${run.name} took ${minutes(since)}`);
    }
  } finally {
    await servers.stop();
  }
  return counts;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { calls: { type: 'boolean', default: false }, project: { type: 'string' } },
  });
  const path = values.project ?? null;
  // Built once with Go, which takes a while: beside the checks, and not in the time of a spec.
  const say = (line: string): void => console.log(line);
  const servers = Promise.all([findNatsServer(say), findLiveKitServer(say), findS3Server(say)]);
  servers.catch(() => undefined);
  const sound = path !== null || (await (values.calls ? built() : staticChecks()));
  await servers;
  if (path === null) ensureChromium();
  const plan = values.calls ? testCalls : test;
  const waiting = path === null ? [...plan.runs] : [{ name: 'specs', config: specs, only: [path] }];
  const lanes = Array.from({ length: Math.min(LANES ?? plan.lanes, waiting.length) }, () => work(waiting));
  const counts = (await Promise.all(lanes)).flat();
  const sum = (of: keyof Counts): number => counts.reduce((total, one) => total + one[of], 0);
  const failed = sum('failed') + (sound ? 0 : 1);
  console.log(`\nAll of it took ${minutes(began)}`);
  console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
