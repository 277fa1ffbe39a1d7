import { findLiveKitServer, findNatsServer, findS3Server, startTestServers } from '@parley/testing';
import { ensureChromium, staticChecks } from './checks.ts';
import { type Counts, type JestRun, runJest } from './jest-run.ts';

const began = performance.now();
const minutes = (): string => `${((performance.now() - began) / 60_000).toFixed(1)} min`;

/** Specs that hear and speak, or wait for what is lost to be missed. */
const spoken = ['apps/voice-agent', 'apps/telephony', 'libs/testing/src/voice'];

/**
 * What runs beside what: much of a run is waiting, for sound goes by the clock, and so does what recovers. The runs of a
 * lane follow one another.
 */
const lanes: readonly (readonly JestRun[])[] = [
  [
    { name: 'specs', config: 'jest.config.mjs', without: spoken },
    { name: 'alone', config: 'apps/e2e/alone.config.mjs' },
    { name: 'spoken', config: 'jest.config.mjs', only: spoken },
  ],
  [{ name: 'stories', config: 'apps/e2e/jest.config.mjs' }],
];

/** Runs one lane on servers of its own, whose streams and databases no other one sees. */
async function runLane(lane: readonly JestRun[]): Promise<Counts[]> {
  const servers = await startTestServers();
  const env = { PARLEY_TEST_DATABASE_URL: servers.databaseUrl, PARLEY_TEST_NATS_URL: servers.natsUrl };
  const counts: Counts[] = [];
  try {
    for (const run of lane) {
      counts.push(await runJest({ ...run, env }));
      console.log(`The ${run.name} are over after ${minutes()}`);
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
  const chosen = path === null ? lanes : [[{ name: 'specs', config: 'jest.config.mjs', only: [path] }]];
  const counts = (await Promise.all(chosen.map(runLane))).flat();
  const sum = (of: keyof Counts): number => counts.reduce((total, one) => total + one[of], 0);
  const failed = sum('failed') + (sound ? 0 : 1);
  console.log(`\nAll of it took ${minutes()}`);
  console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
