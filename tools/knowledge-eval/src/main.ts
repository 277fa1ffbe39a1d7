import { Command } from 'commander';
import { askAll, ingest } from './evaluation.ts';
import type { Progress, Target } from './evaluation.ts';
import { HttpTarget } from './http.target.ts';
import { InProcessTarget } from './in-process.target.ts';
import { startLocalServer } from './local-server.ts';
import { obtainManual } from './manual.ts';
import { answerableQuestions, unanswerableQuestions } from './questions.ts';
import { failures, misses, report } from './report.ts';

interface Options {
  baseUrl?: string;
  apiKey?: string;
  space?: string;
  misses?: boolean;
  tunedOnly?: boolean;
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

async function openTarget(options: Options): Promise<{ target: Target; stop(): Promise<void> }> {
  const { baseUrl, apiKey, space: spaceId } = options;
  if (baseUrl !== undefined) {
    if (apiKey === undefined || spaceId === undefined) {
      throw new Error('With --base-url also give --api-key and --space: all three are in .parley/demo.json.');
    }
    const target = await HttpTarget.open({ baseUrl, apiKey, spaceId });
    return { target, stop: () => target.close() };
  }
  const server = await startLocalServer();
  const target = await InProcessTarget.open(server.url);
  return {
    target,
    stop: async () => {
      await target.close();
      await server.stop();
    },
  };
}

async function evaluate(options: Options): Promise<void> {
  const manual = await obtainManual();
  print(`postgresql-doc-15 ${manual.version}: ${manual.pages.length} HTML pages`);
  const { target, stop } = await openTarget(options);
  try {
    const started = performance.now();
    const progress = await ingest(target, manual.pages, progressLine(manual.pages.length));
    print(
      `\n${progress.ready} pages ready, ${progress.failed} failed, ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
    const questions = [...answerableQuestions, ...unanswerableQuestions];
    const outcomes = await askAll(
      target,
      options.tunedOnly ? questions.filter((one) => !one.heldOut) : questions,
    );
    print(options.misses ? `${misses(outcomes)}\n` : '');
    print(report(outcomes));
    const beyond = failures(outcomes);
    for (const line of beyond) {
      print(`Beyond its limit: ${line}`);
    }
    process.exitCode = beyond.length > 0 ? 1 : 0;
  } finally {
    await stop();
  }
}

await new Command('knowledge-eval')
  .description(
    "Asks 80 questions of PostgreSQL 15's manual and prints how well they are answered without a model.",
  )
  .option(
    '--base-url <url>',
    'evaluate an installation over its API (else in this process, on a PostgreSQL of its own)',
  )
  .option('--api-key <key>', 'its API key')
  .option('--space <id>', 'the space to work in')
  .option('--misses', 'list what went wrong, held-out questions excepted')
  .option('--tuned-only', 'leave the held-out questions out')
  .action(async (options: Options) => {
    await evaluate(options).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 2;
    });
  })
  .parseAsync();
