import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLiveKitServer, startTestServers } from '@parley/testing';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const flags = ['--conditions=source', '--experimental-vm-modules', '--no-warnings'];

/** Longest a check and a run of Jest may take: what hangs is ended and told, not waited for. */
const CHECK_MS = 10 * 60_000;
const JEST_MS = 25 * 60_000;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs a check and tells how long it took; whether it passed. */
function check(name: string, command: string, args: string[]): boolean {
  const began = performance.now();
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    timeout: CHECK_MS,
    killSignal: 'SIGKILL',
  });
  console.log(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
  );
  return status === 0;
}

async function jest(
  name: string,
  config: string,
  env: NodeJS.ProcessEnv,
  patterns: string[],
): Promise<Counts> {
  const report = join(root, `node_modules/.cache/jest-${name}.json`);
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  const args = [
    ...flags,
    join(root, 'node_modules/jest/bin/jest.js'),
    '--config',
    join(root, config),
    '--forceExit',
    '--json',
    `--outputFile=${report}`,
    ...patterns,
  ];
  rmSync(report, { force: true });
  const { status, error } = await run(bin('node'), args, {
    ...process.env,
    ...env,
    NODE_OPTIONS: flags.join(' '),
  });
  if (error) console.log(`FAILED ${name}: ${error.message}`);
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const found = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numRuntimeErrorTestSuites: number;
  };
  const failed = found.numFailedTests + found.numRuntimeErrorTestSuites;
  return {
    passed: found.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: found.numPendingTests,
  };
}

/** Runs a program; this process stays awake meanwhile: it takes what the servers print, which would block them else. */
async function run(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ status: number | null; error: Error | null }> {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
    timeout: JEST_MS,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, error }));
    child.once('exit', (status, signal) =>
      resolve({ status, error: signal ? new Error(`It was ended by ${signal}.`) : null }),
    );
  });
}

/** Chromium for the browser stories: Debian's, installed when there is a right to. */
function ensureChromium(): void {
  if (existsSync('/usr/bin/chromium') || process.platform !== 'linux' || process.getuid?.() !== 0) return;
  console.log('Installing Chromium for the browser stories');
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore' });
  const { status } = spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], {
    stdio: 'ignore',
  });
  if (status !== 0)
    console.log(
      'Chromium could not be installed: the browser stories are skipped. Install it with: apt-get install chromium',
    );
}

function staticChecks(): boolean {
  return [
    // Who may import whom is read off the projects: lint needs their graph.
    check('projects', bin('nx'), ['show', 'projects', '--json']),
    check('format', bin('biome'), ['format', '.']),
    check('lint', bin('eslint'), [
      '.',
      '--cache',
      '--cache-location',
      'node_modules/.cache/eslint/',
      '--cache-strategy',
      'content',
    ]),
    check('types', bin('tsc'), ['-p', 'tsconfig.json', '--noEmit']),
    check('types of the widget', bin('tsc'), ['-p', 'apps/widget/tsconfig.json']),
  ].every(Boolean);
}

async function specs(patterns: string[]): Promise<Counts> {
  const servers = await startTestServers();
  try {
    const env = { PARLEY_TEST_DATABASE_URL: servers.databaseUrl, PARLEY_TEST_NATS_URL: servers.natsUrl };
    return await jest('specs', 'jest.config.mjs', env, patterns);
  } finally {
    await servers.stop();
  }
}

async function main(): Promise<void> {
  const began = performance.now();
  const project = process.argv.indexOf('--project');
  const patterns = project === -1 ? [] : [process.argv[project + 1] ?? ''];
  const sound = project === -1 ? staticChecks() : true;
  // Built once with Go, which takes a while: not in the time of a spec.
  await findLiveKitServer((line) => console.log(line));
  const counts = [await specs(patterns)];
  if (project === -1 && existsSync(join(root, 'apps/e2e/jest.config.mjs'))) {
    ensureChromium();
    counts.push(await jest('stories', 'apps/e2e/jest.config.mjs', {}, []));
  }
  const sum = (of: keyof Counts): number => counts.reduce((total, one) => total + one[of], 0);
  const failed = sum('failed') + (sound ? 0 : 1);
  console.log(`\nAll of it took ${((performance.now() - began) / 60_000).toFixed(1)} min`);
  console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
