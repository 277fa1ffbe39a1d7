import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstallationDemo } from '@parley/testing';
import { z } from 'zod';
import type { Resources } from './resources.ts';

/** The slowest answer that passes. */
const MOST_SECONDS = 2;
const WORKERS = 4;

const Report = z.object({
  operations: z.object({ total: z.number(), tested: z.number() }),
  test_cases: z.object({ generated: z.number() }),
  failures: z.array(z.object({ type: z.string(), count: z.number(), operations: z.array(z.string()) })),
  errors: z.array(z.object({ count: z.number() })),
});

/** What one run has found. */
export interface Found {
  cases: number;
  /** Answers of 500 and above. */
  serverErrors: number;
  /** Answers that came too late. */
  slow: number;
  /** What Schemathesis stumbled over itself; it goes on with the next case. */
  toolErrors: number;
  operations: number;
}

/** What one run is made with. */
export interface RunOptions {
  command: string;
  demo: InstallationDemo;
  resources: Resources;
  seconds: number;
  seed: number;
  /** Where the report of this run is kept. */
  reportFile: string;
}

/**
 * Runs Schemathesis over the OpenAPI of an installation for a time: edge cases of every field, then generated requests,
 * right ones and wrong ones. An answer of 500 and above or later than two seconds is a failure.
 */
export async function runSchemathesis(options: RunOptions): Promise<Found> {
  const { command, demo, reportFile } = options;
  const folder = mkdtempSync(join(tmpdir(), 'parley-fuzz-'));
  const config = join(folder, 'schemathesis.toml');
  writeFileSync(config, configOf(options.resources));
  const args = argumentsOf(options, config);
  try {
    // The key is in the environment: a list of processes shows arguments.
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, PARLEY_FUZZ_KEY: demo.apiKey },
      stdio: 'inherit',
    });
    const code = await new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('exit', resolve),
    );
    if (code !== 0 && code !== 1) throw new Error(`Schemathesis ended with ${code}.`);
    return read(reportFile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function argumentsOf({ demo, seconds, seed, reportFile }: RunOptions, config: string): string[] {
  const schema = `${demo.baseUrl}/api/v1/openapi.json`;
  const limits = [
    '--max-response-time',
    String(MOST_SECONDS),
    '--max-time',
    String(seconds),
    '--workers',
    String(WORKERS),
  ];
  const generation = [
    '--phases',
    'coverage,fuzzing',
    '--max-examples',
    '100',
    '--seed',
    String(seed),
    '--no-shrink',
  ];
  const state = ['--generation-database', 'none', '--suppress-health-check', 'all', '--continue-on-failure'];
  const output = [
    '--checks',
    'not_a_server_error',
    '--warnings',
    'off',
    '--no-color',
    '--report',
    'json',
    '--report-json-path',
    reportFile,
  ];
  return [
    '--config-file',
    config,
    'run',
    schema,
    '--url',
    demo.baseUrl,
    ...limits,
    ...generation,
    ...state,
    ...output,
  ];
}

function read(reportFile: string): Found {
  const report = Report.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  const sum = (counted: readonly { count: number }[]): number =>
    counted.reduce((all, { count }) => all + count, 0);
  const isSlow = ({ type }: { type: string }): boolean => type === 'ResponseTimeExceeded';
  return {
    cases: report.test_cases.generated,
    serverErrors: sum(report.failures.filter((one) => !isSlow(one))),
    slow: sum(report.failures.filter(isSlow)),
    toolErrors: sum(report.errors),
    operations: report.operations.tested,
  };
}

/** The ids of what is there as path parameters; DELETE is tried on what was made for it. */
export function configOf({ kept, doomed }: Resources): string {
  const parameters = (ids: Record<string, string>): string[] =>
    Object.entries(ids).map(([name, id]) => `"path.${name}" = ${JSON.stringify(id)}`);
  return [
    'headers = { Authorization = "Bearer ${PARLEY_FUZZ_KEY}" }',
    '[parameters]',
    ...parameters(kept),
    '[[operations]]',
    'include-method = "DELETE"',
    `parameters = { ${parameters(doomed).join(', ')} }`,
    '',
  ].join('\n');
}
