import { findLiveKitServer, findNatsServer, findS3Server, startTestServers } from '@parley/testing';
import { ensureChromium, staticChecks } from './checks.ts';
import { type Counts, type JestRun, runJest } from './jest-run.ts';

const began = performance.now();
const minutes = (since: number): string => `${((performance.now() - since) / 60_000).toFixed(1)} min`;

/** Specs that hear and speak, or wait for what is lost to be missed. */
const spoken = ['apps/voice-agent', 'apps/telephony', 'libs/testing/src/voice'];

const alone = 'apps/e2e/alone.config.mjs';

/** Everything, in the order in which it is begun: what takes long comes first. */
const runs: readonly JestRun[] = [
  { name: 'stories', config: 'apps/e2e/jest.config.mjs' },
  { name: 'specs', config: 'jest.config.mjs', without: spoken },
  { name: 'spoken', config: 'jest.config.mjs', only: spoken },
  { name: 'widget', config: alone, only: ['alone/widget-call'] },
  { name: 'phone', config: alone, only: ['alone/phone'] },
  { name: 'start', config: alone, without: ['alone/widget-call', 'alone/phone'] },
];
/**
 * Much of a run is waiting, for sound goes by the clock, and so does what recovers: two at a time fill two cores.
 * PARLEY_TEST_LANES=1 takes longer and is less disturbed.
 */
const LANES = Math.max(1, Number(process.env['PARLEY_TEST_LANES'] ?? 2) || 1);

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
  const project = process.argv.indexOf('--project');
  const path = project === -1 ? null : (process.argv[project + 1] ?? '');
  // Built once with Go, which takes a while: beside the checks, and not in the time of a spec.
  const say = (line: string): void => console.log(line);
  const servers = Promise.all([findNatsServer(say), findLiveKitServer(say), findS3Server(say)]);
  servers.catch(() => undefined);
  const sound = path !== null || staticChecks();
  await servers;
  if (path === null) ensureChromium();
  const waiting = path === null ? [...runs] : [{ name: 'specs', config: 'jest.config.mjs', only: [path] }];
  const lanes = Array.from({ length: Math.min(LANES, waiting.length) }, () => work(waiting));
  const counts = (await Promise.all(lanes)).flat();
  const sum = (of: keyof Counts): number => counts.reduce((total, one) => total + one[of], 0);
  const failed = sum('failed') + (sound ? 0 : 1);
  console.log(`\nAll of it took ${minutes(began)}`);
  console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
