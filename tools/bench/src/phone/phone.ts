import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeMulaw } from '@parley/testing';
import { documentationSentences, SpeechRecogniser, PHONE_RATE } from '@parley/testing/voice';
import type { Outcome } from '../f1.ts';
import { HttpLoad } from '../http-load.ts';
import type { Installation } from '../installation.ts';
import { median, quantile } from '../numbers.ts';
import type { Row } from '../table.ts';
import { usageOf } from '../voice/processes.ts';
import { Lines } from './lines.ts';
import { MediaCaller, type StreamFigures } from './media-caller.ts';
import { eachFrame, type FarEndFigures, FRAME_MS, type Heard } from './sound.ts';

/** How many streams at once, one step after the other, and how long each step is measured. */
export interface Phone {
  streams: readonly number[];
  seconds: number;
  webhookRounds: number;
}

const WEBHOOKS = 50;
const WEBHOOK_GOAL_MS = 150;
const PATIENCE_MS = 60_000;
/** What a call needs until its sound flows evenly. */
const SETTLE_MS = 4000;
/** An end that is later than this was held up itself: the window is measured again, a few times. */
const LATE_ENDS_MS = 40;
const MOST_WINDOWS = 4;
const AFTER_MS = 3000;
const BUSY = 'All lines are busy at the moment. Please call again in a few minutes. Goodbye.';

/** One step of so many streams. */
interface Step {
  streams: number;
  out: StreamFigures[];
  in: Heard[];
  /** Latest that the two ends themselves were: what they could not do is not the bridge's fault. */
  endsLateMs: number;
  /** Cores that the bridge and LiveKit used. */
  bridgeCores: number;
  liveKitCores: number;
}

/** Telephone calls: streams at once through bridge and rooms, the sentence beyond the limit, and webhooks at once. */
export async function measurePhone(installation: Installation, options: Phone): Promise<Outcome> {
  const most = Math.max(...options.streams);
  await installation.stop();
  // No agent takes the calls: the far end does, which sounds all the time and costs the same with each.
  await installation.start({ VOICE_AGENT_NAME: 'nobody', MEDIA_MAX_STREAMS: String(most) });
  const lines = await Lines.open(installation);
  const farEnd = startFarEnd(installation);
  try {
    const webhooks = await measureWebhooks(installation, lines, options.webhookRounds);
    const steps: Step[] = [];
    const failed: string[] = [];
    // What cannot be carried is a finding, too; more need not be tried then.
    for (const streams of options.streams)
      if (failed.length === 0)
        await measureStep({ installation, lines, farEnd }, streams, options.seconds).then(
          (step) => steps.push(step),
          (error: unknown) => failed.push(`${streams} streams: ${String(error)}`),
        );
    const rows = [...steps.flatMap((step) => rowsOf(step, options.seconds)), webhookRow(webhooks)];
    const noisy = steps.filter((step) => !isQuiet(step));
    const late = noisy.map(({ streams }) => `${streams} streams: its ends could not keep time`);
    const refused = [...late, ...failed].join('; ') || null;
    return { rows, refused, raw: { steps, webhooks } };
  } finally {
    farEnd.disconnect();
    await lines.close();
  }
}

function startFarEnd(installation: Installation): ChildProcess {
  const env = {
    ...process.env,
    LIVEKIT_URL: installation.demo.livekitUrl,
    LIVEKIT_SECRET: readFileSync(join(installation.home, 'secrets/livekit'), 'utf8').trim(),
    NATS_URL: installation.demo.natsUrl,
    NATS_PASSWORD: installation.natsPassword,
    OPERATION_KEYS_FILE: join(installation.home, 'secrets/operation-keys.voice-agent.json'),
  };
  const program = fileURLToPath(new URL('./far-end.ts', import.meta.url));
  return fork(program, { env, execArgv: ['--conditions=source', '--no-warnings'] });
}

/** The machine of one run. */
interface Stage {
  installation: Installation;
  lines: Lines;
  farEnd: ChildProcess;
}

async function measureStep(stage: Stage, streams: number, seconds: number): Promise<Step> {
  const { installation, lines } = stage;
  const callers: MediaCaller[] = [];
  const sender = { lateMs: 0 };
  const stop = eachFrame((moment, lateMs) => {
    sender.lateMs = Math.max(sender.lateMs, lateMs);
    for (const caller of callers) caller.say(moment);
  });
  try {
    for (let index = 0; index < streams; index += 1) callers.push(await MediaCaller.open(await lines.ring()));
    await heardByAll(callers);
    await sleep(SETTLE_MS);
    const windows = [await measureWindow(stage, { callers, sender, seconds })];
    while (!windows.some(isQuiet) && windows.length < MOST_WINDOWS)
      windows.push(await measureWindow(stage, { callers, sender, seconds }));
    if (streams === Number(installation.given['MEDIA_MAX_STREAMS'])) await requireBusy(lines);
    const [best] = windows.sort((one, other) => one.endsLateMs - other.endsLateMs);
    if (!best) throw new Error('Nothing was measured.');
    return best;
  } finally {
    stop();
    for (const caller of callers) caller.hangUp();
    await sleep(AFTER_MS);
  }
}

/** Whether both ends kept time: where one could not, the machine was busy with something else. */
const isQuiet = ({ endsLateMs }: Step): boolean => endsLateMs <= LATE_ENDS_MS;

async function measureWindow(
  { installation, farEnd }: Stage,
  {
    callers,
    sender,
    seconds,
  }: { callers: readonly MediaCaller[]; sender: { lateMs: number }; seconds: number },
): Promise<Step> {
  const pids = ['audio-bridge', 'livekit-server'].map((name) => installation.pidOf(name));
  const used = (): number[] => pids.map((pid) => usageOf(pid).cpuSeconds);
  for (const caller of callers) caller.figures();
  await askFarEnd(farEnd);
  const before = used();
  sender.lateMs = 0;
  await sleep(seconds * 1000);
  const out = callers.map((caller) => caller.figures());
  const far = await askFarEnd(farEnd);
  const [bridgeCores = 0, liveKitCores = 0] = used().map(
    (after, index) => (after - (before[index] ?? 0)) / seconds,
  );
  const closed = callers.filter((one) => one.closed).length;
  if (closed > 0) throw new Error(`${closed} streams were closed while they were measured.`);
  const step = {
    streams: callers.length,
    out,
    in: far.heard,
    endsLateMs: Math.max(sender.lateMs, far.lateMs),
    bridgeCores,
    liveKitCores,
  };
  console.log(`  ${describeStep(step, seconds)}`);
  return step;
}

async function heardByAll(callers: readonly MediaCaller[]): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (callers.some(({ sound }) => sound.length < 50)) {
    if (Date.now() > end) throw new Error('A caller has heard nothing.');
    await sleep(100);
  }
}

async function askFarEnd(farEnd: ChildProcess): Promise<FarEndFigures> {
  farEnd.send('figures');
  const [figures] = (await once(farEnd, 'message')) as [FarEndFigures];
  return figures;
}

/** One call more than there are places hears why it is not taken, and the line ends. */
async function requireBusy(lines: Lines): Promise<void> {
  const caller = await MediaCaller.open(await lines.ring());
  const end = Date.now() + PATIENCE_MS;
  while (!caller.closed) {
    if (Date.now() > end) throw new Error('The call beyond the limit was not ended.');
    await sleep(100);
  }
  const hearing = new SpeechRecogniser();
  const sound = decodeMulaw(Buffer.concat(caller.sound));
  const heard = await hearing.recognise(sound, PHONE_RATE, [BUSY, ...documentationSentences(24)]);
  await hearing.close();
  if (heard !== BUSY) throw new Error(`The call beyond the limit heard "${heard}".`);
}

/** Answers to the webhooks of 50 calls at once, in milliseconds. */
async function measureWebhooks({ port }: Installation, lines: Lines, rounds: number): Promise<number[]> {
  const load = new HttpLoad(port, WEBHOOKS, 200);
  try {
    const latencies: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      // All are due at the same moment.
      const found = await load.open(lines.shots(WEBHOOKS), 1e9, () => undefined);
      // The first round warms up.
      if (round > 0) latencies.push(...found);
      await sleep(200);
    }
    return latencies;
  } finally {
    load.close();
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function rowsOf(step: Step, seconds: number): Row[] {
  const { streams, out } = step;
  const expected = (seconds * 1000) / FRAME_MS;
  const lost = sum(out.map(({ frames, holes }) => Math.max(0, expected - frames) + holes));
  const holes = sum(step.in.map((one) => one.holes));
  const late = out.flatMap(({ latencies }) => latencies);
  const share = ((lost + holes) * 100) / (2 * expected * streams);
  const goal = '<= 0.1 %';
  return [
    {
      figure: `telephone, ${streams} streams of ${seconds} s: frames missing, both ways`,
      ...{ floor: '-', ours: `${lost} + ${holes} (${share.toFixed(2)} %)`, ratio: '-', goal },
      met: share <= 0.1 ? 'yes' : 'no',
    },
    {
      figure: `telephone, ${streams} streams: gaps over 40 / 60 ms`,
      floor: '-',
      ours: `${sum(out.map((one) => one.gapsOver40))} / ${sum(out.map((one) => one.gapsOver60))}`,
      ...{ ratio: '-', goal: '-', met: '-' },
    },
    {
      figure: `telephone, ${streams} streams: agent to caller p50 / p99`,
      floor: '-',
      ours: `${median(late).toFixed(0)} / ${quantile(late, 0.99).toFixed(0)} ms`,
      ...{ ratio: '-', goal: '-', met: '-' },
    },
  ];
}

function webhookRow(latencies: readonly number[]): Row {
  const p99 = quantile(latencies, 0.99);
  return {
    figure: `telephone, ${WEBHOOKS} webhooks at once: TwiML p50 / p99`,
    floor: '-',
    ours: `${median(latencies).toFixed(0)} / ${p99.toFixed(0)} ms`,
    ratio: '-',
    goal: `<= ${WEBHOOK_GOAL_MS} ms`,
    met: p99 <= WEBHOOK_GOAL_MS ? 'yes' : 'no',
  };
}

function describeStep(step: Step, seconds: number): string {
  const { streams, out, endsLateMs, bridgeCores, liveKitCores } = step;
  const expected = (seconds * 1000) / FRAME_MS;
  const range = (values: number[]): string =>
    `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
  const inward = step.in.flatMap(({ latencies }) => latencies);
  return [
    `${streams} streams: sent ${range(out.map(({ sent }) => sent))}, received ${range(out.map(({ frames }) => frames))} of ${expected}`,
    `without tone ${sum(out.map(({ holes }) => holes))} out, ${sum(step.in.map(({ holes }) => holes))} in`,
    `longest gap ${Math.max(...out.map(({ longestGapMs }) => longestGapMs)).toFixed(0)} ms, ends late ${endsLateMs.toFixed(0)} ms`,
    `caller to agent p50 ${median(inward).toFixed(0)} / p99 ${quantile(inward, 0.99).toFixed(0)} ms`,
    `bridge ${bridgeCores.toFixed(2)} cores, LiveKit ${liveKitCores.toFixed(2)}`,
  ].join('; ');
}
