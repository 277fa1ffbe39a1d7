/** Proves that nothing is lost under kills: prove.mjs [--profile smoke|full] [--messages n] [--kills n] [--home folder] [webhooks|visitors]. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { HistoryRecord } from './history.ts';
import { checkHistory } from './history-checker.ts';
import { type Kill, Nemesis } from './nemesis.ts';
import { readBack } from './read-back.ts';
import { quantile, tell } from './report.ts';
import { openStack, type Stack } from './stack.ts';
import { VisitorsRun } from './visitors-run.ts';
import { WebhookRun } from './webhook-run.ts';

const artefacts = fileURLToPath(new URL('../../../artefacts', import.meta.url));
const PATIENCE_MS = 60_000;
/** Posts go on after the last kill, so that every recovery is seen. */
const BEYOND_KILLS = 1.2;

/**
 * In the short form kills follow each other so closely that one recovery runs into the next, on a machine that may have other
 * work: its times are told, and only what never came back is a fault.
 */
const profiles = {
  smoke: {
    webhooks: 1000,
    visitors: 300,
    kills: 4,
    pauseMs: [2500, 4000],
    medianMs: 60_000,
    mostMs: 60_000,
  },
  full: {
    webhooks: 20_000,
    visitors: 5000,
    kills: 10,
    pauseMs: [18_000, 30_000],
    medianMs: 3000,
    mostMs: 5000,
  },
} as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profile: { type: 'string', default: 'full' },
    messages: { type: 'string' },
    kills: { type: 'string' },
    home: { type: 'string' },
  },
});

type Run = WebhookRun | VisitorsRun;

const profile = profiles[values.profile === 'smoke' ? 'smoke' : 'full'];

async function prove(stack: Stack, kind: 'webhooks' | 'visitors'): Promise<boolean> {
  const messages = Number(values.messages ?? profile[kind]);
  const kills = Number(values.kills ?? profile.kills);
  console.log(`\n${kind}: ${messages} posts, ${kills} kills`);
  const nemesis = new Nemesis({ home: stack.home, kills, pauseMs: [...profile.pauseMs], say: console.log });
  const seconds = ((profile.pauseMs[0] + profile.pauseMs[1]) / 2000) * kills;
  const options = {
    messages,
    perSecond: messages / Math.max(5, seconds * BEYOND_KILLS),
    nemesis,
    progress: progressOf(messages),
  };
  const run =
    kind === 'webhooks' ? new WebhookRun(stack.demo, options) : new VisitorsRun(stack.demo, options);
  await run.open();
  try {
    await Promise.all([run.post(), nemesis.run()]);
    console.log('  all posts are accepted');
    await run.settle(PATIENCE_MS);
    return await judge(kind, run, { stack, kills: nemesis.kills });
  } finally {
    await run.close();
  }
}

async function judge(
  kind: string,
  run: Run,
  { stack, kills }: { stack: Stack; kills: Kill[] },
): Promise<boolean> {
  const history: HistoryRecord[] = [...run.history, ...(await readBack(stack.demo, run.channelId))];
  mkdirSync(artefacts, { recursive: true });
  writeFileSync(`${artefacts}/history-${kind}.jsonl`, history.map((one) => JSON.stringify(one)).join('\n'));
  const overWebhooks = run instanceof WebhookRun;
  const expected = { answered: true, delivered: overWebhooks, seen: !overWebhooks };
  const findings = checkHistory(history, expected);
  tell(findings);
  if (run instanceof WebhookRun) console.log(`  requests repeated     ${run.repeats}`);
  else console.log(`  connections broken    ${run.breaks}`);
  return tellRecovery(kills) && findings.faults.length === 0;
}

function tellRecovery(kills: readonly Kill[]): boolean {
  let sound = true;
  for (const [what, of] of [
    ['accepted again', (kill: Kill) => kill.acceptedAfter],
    ['answered again', (kill: Kill) => kill.answeredAfter],
  ] as const) {
    // What never came back is the longest of all.
    const times = kills.map((kill) => of(kill) ?? Number.POSITIVE_INFINITY);
    const [median, most] = [quantile(times, 0.5), Math.max(0, ...times)];
    const good = median <= profile.medianMs && most <= profile.mostMs;
    sound &&= good;
    const over = `  (over the limit of ${profile.medianMs / 1000} and ${profile.mostMs / 1000} s)`;
    const figures = `median ${(median / 1000).toFixed(2)} s, most ${(most / 1000).toFixed(2)} s`;
    console.log(`  ${what} after  ${figures} over ${times.length} kills${good ? '' : over}`);
  }
  for (const { victim, acceptedAfter, answeredAfter } of kills)
    console.log(`    ${victim.padEnd(16)} ${inSeconds(acceptedAfter)} ${inSeconds(answeredAfter)}`);
  return sound;
}

const inSeconds = (value: number | null): string =>
  (value === null ? '-' : (value / 1000).toFixed(2)).padStart(8);

function progressOf(messages: number): (accepted: number, answered: number) => void {
  const step = Math.max(1, Math.floor(messages / 10));
  return (accepted, answered) => {
    if (accepted % step === 0) console.log(`  ${accepted} accepted, ${answered} answered`);
  };
}

const kinds = (['webhooks', 'visitors'] as const).filter(
  (kind) => positionals.length === 0 || positionals.includes(kind),
);
const stack = await openStack(values.home);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stack.stop().finally(() => process.exit(1)));
// A defect of a run may not leave its installation behind.
process.once('uncaughtException', (error) => {
  console.error(error);
  void stack.stop().finally(() => process.exit(1));
});
try {
  let sound = true;
  for (const kind of kinds) sound = (await prove(stack, kind)) && sound;
  console.log(sound ? '\nNothing was lost, doubled or reordered.' : '\nThere are faults.');
  process.exitCode = sound ? 0 : 1;
} finally {
  await stack.stop();
}
