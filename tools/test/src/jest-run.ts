import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bin, root } from './workspace.ts';

/** Longest a run of Jest may take: what hangs is ended and told, not waited for. */
const JEST_MS = 25 * 60_000;
const flags = ['--conditions=source', '--experimental-vm-modules', '--no-warnings'];

/** One process of Jest: its specs run one after another. */
export interface JestRun {
  name: string;
  config: string;
  /** Parts of the paths of the specs that run, all where there is none, and of those that do not. */
  only?: string[];
  without?: string[];
  env?: NodeJS.ProcessEnv;
}

/** What became of tests. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs Jest. */
export async function runJest({ name, config, only = [], without = [], env = {} }: JestRun): Promise<Counts> {
  const cache = join(root, 'node_modules/.cache');
  const report = join(cache, `jest-${name}.json`);
  mkdirSync(cache, { recursive: true });
  rmSync(report, { force: true });
  const args = [
    ...flags,
    join(root, 'node_modules/jest/bin/jest.js'),
    '--config',
    join(root, config),
    '--forceExit',
    '--json',
    `--outputFile=${report}`,
    ...only,
    ...(await ignoring(config, without)),
  ];
  const { status, error } = await run(args, { ...process.env, ...env, NODE_OPTIONS: flags.join(' ') });
  if (error) console.log(`FAILED ${name}: ${error.message}`);
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  return countsOf(report, status);
}

/** What is named on the command line takes the place of what the configuration leaves out: both are named. */
async function ignoring(config: string, without: readonly string[]): Promise<string[]> {
  if (without.length === 0) return [];
  const { default: known } = (await import(pathToFileURL(join(root, config)).href)) as {
    default: { testPathIgnorePatterns: string[] };
  };
  return [...known.testPathIgnorePatterns, ...without].map((path) => `--testPathIgnorePatterns=${path}`);
}

function countsOf(report: string, status: number | null): Counts {
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

/** Runs the workspace's Node; this process stays awake meanwhile: it takes what the servers print, which would block them else. */
async function run(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ status: number | null; error: Error | null }> {
  const child = spawn(bin('node'), args, {
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
