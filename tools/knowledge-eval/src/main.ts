import { Command, Option } from 'commander';
import { askAll, ingest } from './evaluation.ts';
import type { Progress, Suite, Target } from './evaluation.ts';
import { HttpTarget } from './http.target.ts';
import { InProcessTarget } from './in-process.target.ts';
import { startLocalServer } from './local-server.ts';
import { obtainManual } from './manual.ts';
import { failures, limitsOf, misses, report } from './report.ts';
import { corpusSuites, manualSuite } from './suites.ts';

interface Options {
  baseUrl?: string;
  apiKey?: string;
  space?: string;
  misses?: boolean;
  tunedOnly?: boolean;
  only?: 'manual' | 'languages';
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function progressLine(pages: number): (progress: Progress) => void {
  return ({ ready, failed, queued, ingesting }) => {
    const line = `${ready + failed}/${pages} pages read, ${queued + ingesting} waiting, ${failed} failed`;
    process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
  };
}

/** Opens a target for each suite: all on one server, or all in one installation. */
async function openTargets(options: Options): Promise<{ open(): Promise<Target>; stop(): Promise<void> }> {
  const { baseUrl, apiKey, space: spaceId } = options;
  if (baseUrl !== undefined) {
    if (apiKey === undefined || spaceId === undefined) {
      throw new Error('With --base-url also give --api-key and --space: all three are in .parley/demo.json.');
    }
    return { open: () => HttpTarget.open({ baseUrl, apiKey, spaceId }), stop: () => Promise.resolve() };
  }
  const server = await startLocalServer();
  return { open: () => InProcessTarget.open(server.url), stop: () => server.stop() };
}

async function evaluateSuite(target: Target, suite: Suite, options: Options): Promise<boolean> {
  print(suite.name);
  const started = performance.now();
  const progress = await ingest(target, suite.pages, progressLine(suite.pages.length));
  print(
    `\n${progress.ready} pages ready, ${progress.failed} failed, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  const outcomes = await askAll(
    target,
    options.tunedOnly ? suite.questions.filter((one) => !one.heldOut) : suite.questions,
  );
  const limits = limitsOf(suite);
  print(options.misses ? `${misses(outcomes)}\n` : '');
  print(`${report(outcomes, limits)}\n`);
  const beyond = failures(outcomes, limits);
  for (const line of beyond) {
    print(`Beyond its limit: ${line}`);
  }
  return beyond.length === 0;
}

async function evaluate(options: Options): Promise<void> {
  const suites = [
    ...(options.only === 'languages' ? [] : [manualSuite(await obtainManual())]),
    ...(options.only === 'manual' ? [] : corpusSuites),
  ];
  const { open, stop } = await openTargets(options);
  try {
    for (const suite of suites) {
      const target = await open();
      try {
        const isWithin = await evaluateSuite(target, suite, options);
        process.exitCode = isWithin ? process.exitCode : 1;
      } finally {
        await target.close();
      }
    }
  } finally {
    await stop();
  }
}

await new Command('knowledge-eval')
  .description(
    "Asks 80 questions of PostgreSQL 15's manual, and 30 of a small corpus in each of four languages, and prints how well they are answered without a model.",
  )
  .option(
    '--base-url <url>',
    'evaluate an installation over its API (else in this process, on a PostgreSQL of its own)',
  )
  .option('--api-key <key>', 'its API key')
  .option('--space <id>', 'the space to work in')
  .option('--misses', 'list what went wrong, held-out questions excepted')
  .option('--tuned-only', 'leave the held-out questions out')
  .addOption(new Option('--only <tables>', 'one part of the tables').choices(['manual', 'languages']))
  .action(async (options: Options) => {
    await evaluate(options).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 2;
    });
  })
  .parseAsync();
