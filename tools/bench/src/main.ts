/** Measures speed against floors in the same run: bench.mjs [--profile smoke|full] [options] [F1 F3 F11 F13 F14 phone neighbour search cost retrieval]. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CostProfile, measureCost } from './cost/cost.ts';
import { jobNames } from './cost/jobs.ts';
import { measureThroughput, type Outcome } from './f1.ts';
import { measureStart } from './f14.ts';
import { measureAnswers } from './f3.ts';
import type { Servers } from './floor.ts';
import { assertDurable, Installation } from './installation.ts';
import { measureNeighbour } from './neighbour.ts';
import { measureRetrieval } from './retrieval/retrieval.ts';
import { measureSearch, type SearchProfile } from './search/search.ts';
import { toMarkdown } from './table.ts';
import { measurePhone } from './phone/phone.ts';
import { measureVoice } from './voice/f11.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const profiles = {
  smoke: {
    throughput: { rounds: 2, messages: 6000, warmUp: 3000, synapse: null },
    answers: { rounds: 2, seconds: 5, rates: [100, 500], synapse: null },
    voice: { calls: 2, turns: 3 },
    phone: { streams: [2], seconds: 5, webhookRounds: 4 },
    neighbour: { rounds: 2, seconds: 10 },
    search: { messages: 20_000, requests: 40 },
    cost: { rates: [20], seconds: 10, rounds: 1, idleSeconds: 10 },
    retrieval: { passages: [10_000], questions: 60 },
  },
  full: {
    throughput: {
      rounds: 5,
      messages: 30_000,
      warmUp: 10_000,
      synapse: { rounds: 3, messages: 1000 },
    },
    answers: {
      rounds: 5,
      seconds: 15,
      rates: [100, 250, 500],
      synapse: { rounds: 3, seconds: 15 },
    },
    voice: { calls: 8, turns: 5 },
    phone: { streams: [5, 10, 20], seconds: 30, webhookRounds: 20 },
    neighbour: { rounds: 5, seconds: 20 },
    search: { messages: 1_000_000, requests: 300 },
    cost: { rates: [10, 20, 50, 100], seconds: 15, rounds: 3, idleSeconds: 20 },
    retrieval: { passages: [10_000, 100_000], questions: 200 },
  },
} as const;

const figures = [
  'F1',
  'F3',
  'F11',
  'F13',
  'F14',
  'phone',
  'neighbour',
  'search',
  'cost',
  'retrieval',
] as const;
type Figure = (typeof figures)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profile: { type: 'string', default: 'full' },
    messages: { type: 'string' },
    ...{ rates: { type: 'string' }, seconds: { type: 'string' }, rounds: { type: 'string' } },
    ...{ jobs: { type: 'string' }, base: { type: 'string' }, statements: { type: 'string', default: '0' } },
    'no-count': { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !figures.some((figure) => figure === name));
if (!(values.profile in profiles) || unknown.length > 0) {
  console.error(
    `Give --profile smoke or full, and figures of ${figures.join(', ')} (F2 comes with F1; F11 and F13 are one measurement).`,
  );
  process.exit(2);
}
const profile = profiles[values.profile === 'smoke' ? 'smoke' : 'full'];
/** Search and retrieval fill an installation, and cost is no comparison with a floor: measured when named. */
const onlyNamed: readonly Figure[] = ['search', 'cost', 'retrieval'];
const wanted = figures.filter((figure) =>
  positionals.length === 0 ? !onlyNamed.includes(figure) : positionals.includes(figure),
);

const voices = new Map<Installation, ReturnType<typeof measureVoice>>();

/** F11 and F13 come from the same calls. */
async function voiceOf(figure: 'F11' | 'F13', installation: Installation): Promise<Outcome> {
  const measured = voices.get(installation) ?? measureVoice(installation, profile.voice);
  voices.set(installation, measured);
  return (await measured)[figure];
}

/** `--messages` makes the corpus smaller or larger. */
function searchProfile(): SearchProfile {
  const messages = Number(values.messages ?? profile.search.messages);
  return { ...profile.search, messages };
}

/** `--rates 20,100 --seconds 10 --rounds 1 --jobs main,echo --base <commit> --statements 30`. */
function costProfile(): CostProfile {
  const { rates, seconds, rounds, jobs, base, statements } = values;
  const names = jobs?.split(',') ?? jobNames;
  return {
    rates: rates?.split(',').map(Number) ?? profile.cost.rates,
    seconds: Number(seconds ?? profile.cost.seconds),
    rounds: Number(rounds ?? profile.cost.rounds),
    idleSeconds: profile.cost.idleSeconds,
    jobs: jobNames.filter((name) => names.includes(name)),
    isCounted: !values['no-count'],
    base: base ?? null,
    statements: Number(statements),
  };
}

async function measure(figure: Figure, installation: Installation): Promise<Outcome> {
  if (figure === 'F14') return measureStart(installation);
  if (figure === 'neighbour') return measureNeighbour(installation, profile.neighbour);
  if (figure === 'search') return measureSearch(installation, searchProfile());
  if (figure === 'retrieval') return measureRetrieval(installation, profile.retrieval);
  if (figure === 'cost') return measureCost(installation, costProfile());
  if (figure === 'phone') return measurePhone(installation, profile.phone);
  if (figure === 'F11' || figure === 'F13') return voiceOf(figure, installation);
  const servers: Servers = {
    installation,
    database: await installation.database(),
    nats: await installation.nats(),
  };
  try {
    return figure === 'F1'
      ? await measureThroughput(servers, profile.throughput)
      : await measureAnswers(servers, profile.answers);
  } finally {
    await servers.database.end();
    await servers.nats.close();
  }
}

function machine(): Record<string, string | number> {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
  const [first] = cpus();
  return {
    date: new Date().toISOString(),
    commit,
    cpus: cpus().length,
    cpu: first?.model ?? '',
    kernel: release(),
    node: process.version,
    load: loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
  };
}

const installation = new Installation();
const outcomes: Partial<Record<Figure, Outcome | { failed: string }>> = {};
let sound = true;
try {
  await installation.start();
  const database = await installation.database();
  const settings = await assertDurable(database).finally(() => database.end());
  const about = { ...machine(), profile: values.profile, settings };
  console.log(
    Object.entries(about)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  );
  for (const figure of wanted) {
    try {
      const outcome = await measure(figure, installation);
      outcomes[figure] = outcome;
      if (outcome.refused)
        console.log(`\nREFUSED: ${outcome.refused}; the machine was busy with something else.`);
      console.log(`\n${toMarkdown(outcome.rows)}\n`);
    } catch (error) {
      sound = false;
      outcomes[figure] = { failed: String(error) };
      console.error(`\nFAILED: ${figure}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  mkdirSync(`${root}artefacts`, { recursive: true });
  writeFileSync(`${root}artefacts/bench.json`, `${JSON.stringify({ about, outcomes }, null, 2)}\n`);
} finally {
  await installation.remove();
}
// The caller's WebRTC library keeps a process alive.
process.exit(sound ? 0 : 1);
