import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startOtlpCollector } from '@parley/testing';
import type { Outcome } from '../f1.ts';
import { Installation } from '../installation.ts';
import type { Door } from '../shots.ts';
import { AnswerCallback } from './answers.ts';
import { baseCheckout } from './base-checkout.ts';
import {
  countedFigures,
  type Figures,
  FOREIGN,
  idleFigures,
  joined,
  messageFigures,
  middle,
} from './figures.ts';
import { type JobName, openJob } from './jobs.ts';
import { measureIdle, measureWindow, type Window } from './load-window.ts';
import { MeasuredInstallation } from './measured-installation.ts';
import { figureTable, goalRows, type Pair, statementTable, wayTable } from './report.ts';
import { type LogTotals, readStatements, sumUp } from './statement-log.ts';
import { type Way, waysOf } from './trace-hops.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** How long and how often is measured. */
export interface CostProfile {
  rates: readonly number[];
  seconds: number;
  rounds: number;
  jobs: readonly JobName[];
  idleSeconds: number;
  /** Whether the counting pass is made. */
  isCounted: boolean;
  /** Commit to compare with; null where nothing is compared. */
  base: string | null;
  /** How many of the most frequent statements are printed. */
  statements: number;
}

const WARM_UP = { perSecond: 40, seconds: 8 };
/** Services are idle only some seconds after their start and after a load. */
const SETTLE_MS = 5000;
/** Cores that other programs may use. */
const MOST_FOREIGN = 0.1;
/** Spans are exported every five seconds. */
const EXPORT_MS = 6000;

/** One side: an installation that is stopped while the other one is measured. */
class CostSide {
  readonly name: 'base' | 'ours';
  readonly measured: MeasuredInstallation;
  readonly doors = new Map<JobName, Door>();
  /** Figures of each round, by column. */
  readonly rounds = new Map<string, Figures[]>();
  readonly counted = new Map<string, { totals: LogTotals; answered: number; ways: Way[] }>();

  constructor(name: 'base' | 'ours', installation: Installation) {
    this.name = name;
    this.measured = new MeasuredInstallation(installation);
  }

  add(column: string, figures: Figures): void {
    this.rounds.set(column, [...(this.rounds.get(column) ?? []), figures]);
  }

  /** The middle of all rounds, with what the counting pass adds. */
  figures(column: string): Figures | undefined {
    const rounds = this.rounds.get(column);
    const counted = this.counted.get(column);
    if (!rounds && !counted) return undefined;
    return joined(
      rounds ? middle(rounds) : {},
      counted ? countedFigures(counted.totals, counted.answered) : {},
    );
  }
}

/** Runs all loads of one profile on one side at a time. */
class CostRun {
  private readonly profile: CostProfile;
  private readonly callback: AnswerCallback;

  constructor(profile: CostProfile, callback: AnswerCallback) {
    this.profile = profile;
    this.callback = callback;
  }

  /** Starts a side, warms it up, measures, and stops it. */
  async round(side: CostSide): Promise<void> {
    await this.started(side, {}, async () => {
      await this.eachLoad(side, async (column, load) => {
        const window = await load();
        side.add(column, messageFigures(window));
        console.log(`  ${side.name}, ${column}: ${lineOf(window)}`);
      });
      await sleep(SETTLE_MS);
      side.add('idle', idleFigures(await measureIdle(side.measured.sources, this.profile.idleSeconds)));
    });
  }

  /** The same loads with every statement logged and every span exported: both cost processor time, so nothing else is measured. */
  async count(side: CostSide): Promise<void> {
    const collector = await startOtlpCollector();
    try {
      const given = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
      await this.started(side, given, () =>
        this.eachLoad(side, async (column, load) => {
          collector.bodies.length = 0;
          let window: Window | null = null;
          const log = await side.measured.logStatements(async () => {
            window = await load();
          });
          await sleep(EXPORT_MS);
          if (!window) return;
          const { from, to, answered } = window as Window;
          const { statements, parses } = readStatements(log, from, to);
          const totals = sumUp(statements, parses);
          side.counted.set(column, { totals, answered, ways: waysOf(collector.bodies) });
          console.log(`  ${side.name}, ${column}: ${totals.statements} statements of ${answered} messages`);
        }),
      );
    } finally {
      await collector.close();
    }
  }

  private async started(side: CostSide, given: NodeJS.ProcessEnv, work: () => Promise<void>): Promise<void> {
    const { measured, doors } = side;
    await measured.start(given);
    try {
      for (const name of this.profile.jobs) {
        if (!doors.has(name)) doors.set(name, await openJob(measured.installation, name, this.callback.url));
        await this.load(side, name, WARM_UP);
      }
      await measured.settle();
      await sleep(SETTLE_MS);
      await work();
    } finally {
      await measured.stop();
    }
  }

  /** A load that fails has no figure; the others go on. */
  private async eachLoad(
    side: CostSide,
    work: (column: string, load: () => Promise<Window>) => Promise<void>,
  ): Promise<void> {
    const { jobs, rates, seconds } = this.profile;
    for (const name of jobs)
      for (const perSecond of rates) {
        const column = `${name} at ${perSecond}/s`;
        await work(column, () => this.load(side, name, { perSecond, seconds })).catch((error: unknown) =>
          console.log(`  ${side.name}, ${column}: no figure: ${String(error)}`),
        );
      }
  }

  private load(
    { doors, measured }: CostSide,
    name: JobName,
    of: { perSecond: number; seconds: number },
  ): Promise<Window> {
    const door = doors.get(name);
    if (!door) throw new Error(`The job "${name}" has no channel.`);
    return measureWindow({ name, door, callback: this.callback, ...of }, measured.sources);
  }
}

function lineOf({ p50, p99, answered, isCarried }: Window): string {
  const latency = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  return isCarried ? latency : `${latency}, NOT CARRIED: only ${answered} answered in the window`;
}

/**
 * What a message with its answer costs, here and at a base commit in alternating rounds. While one side is measured the
 * other one is stopped.
 */
export async function measureCost(installation: Installation, profile: CostProfile): Promise<Outcome> {
  const ours = new CostSide('ours', installation);
  const base =
    profile.base === null
      ? null
      : new CostSide(
          'base',
          new Installation(baseCheckout(root, profile.base, (line) => console.log(`  ${line}`))),
        );
  const sides = base ? [base, ours] : [ours];
  const callback = new AnswerCallback();
  await callback.open();
  // It runs already, and is first measured after the base.
  await installation.stop();
  try {
    const run = new CostRun(profile, callback);
    for (let round = 0; round < profile.rounds; round += 1)
      for (const side of sides) {
        console.log(`  round ${round + 1}: ${side.name}`);
        await run.round(side);
      }
    if (profile.isCounted) {
      // A pass that is interrupted loses no measured figure.
      if (profile.rounds > 0) printFigures(profile, { base, ours });
      for (const side of sides) await run.count(side);
    }
  } finally {
    callback.close();
    await base?.measured.installation.remove();
  }
  return outcomeOf(profile, { base, ours });
}

interface Sides {
  base: CostSide | null;
  ours: CostSide;
}

function pairOf({ base, ours }: Sides, column: string): Pair {
  return { ...(base ? { base: base.figures(column) ?? {} } : {}), ours: ours.figures(column) };
}

function columnsOf({ rates }: CostProfile, name: JobName): string[] {
  return rates.map((rate) => `${name} at ${rate}/s`);
}

/** Prints what is known so far, and answers it by column. */
function printFigures(profile: CostProfile, sides: Sides): Record<string, Pair> {
  const sign = sides.base ? ', base → ours (ratio)' : '';
  const columns: Record<string, Pair> = {};
  for (const name of profile.jobs) {
    const pairs = Object.fromEntries(
      columnsOf(profile, name).map((column) => [column, pairOf(sides, column)]),
    );
    Object.assign(columns, pairs);
    console.log(`\nA message with its answer${sign}\n\n${figureTable(pairs)}`);
  }
  columns['idle'] = pairOf(sides, 'idle');
  console.log(`\nIdle${sign}\n\n${figureTable({ idle: columns['idle'] })}\n`);
  return columns;
}

function outcomeOf(profile: CostProfile, sides: Sides): Outcome {
  const columns = printFigures(profile, sides);
  const all = [sides.base, sides.ours].flatMap((side) => side ?? []);
  for (const column of profile.jobs.flatMap((name) => columnsOf(profile, name)))
    printCounted(column, profile, all);
  const raw = all.map(({ name, rounds, counted }) => ({
    side: name,
    rounds: Object.fromEntries(rounds),
    counted: Object.fromEntries(counted),
  }));
  return { rows: goalRows(columns), refused: refusal(Object.values(columns)), raw };
}

/** Other programs make batches larger: transactions a message seem fewer, and latency is longer. */
function refusal(columns: readonly Pair[]): string | null {
  const most = Math.max(
    0,
    ...columns.flatMap(({ base, ours }) => [base?.[FOREIGN] ?? 0, ours?.[FOREIGN] ?? 0]),
  );
  return most <= MOST_FOREIGN ? null : `other programs used up to ${most.toFixed(2)} cores`;
}

function printCounted(column: string, { statements }: CostProfile, sides: readonly CostSide[]): void {
  for (const { name, counted } of sides) {
    const found = counted.get(column);
    if (!found) continue;
    console.log(`\nTime of each hop, ${name}, ${column}\n\n${wayTable(found.ways)}`);
    if (statements > 0)
      console.log(
        `\nStatements, ${name}, ${column}\n\n${statementTable(found.totals, found.answered, statements)}`,
      );
  }
}
