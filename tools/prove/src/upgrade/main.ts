/** Proves that an installation of an earlier commit goes on under this code: prove.mjs upgrade --from <git ref> [--code <folder>] [--keep]. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '@parley/testing';
import { type Check, checks, type Upgraded } from './checks.ts';
import { type FarEnds, startFarEnds } from './far-ends.ts';
import { fill, type Filled, sendInFlight } from './fill.ts';
import { Api, textAt } from './http-api.ts';
import { differences, type Snapshot, sizeOf, takeSnapshot } from './snapshot.ts';
import { checkOut, type Running, startVersion, type UpgradeDemo } from './version.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const DAWDLE_MS = 1000;

const { values } = parseArgs({
  options: { from: { type: 'string' }, code: { type: 'string' }, keep: { type: 'boolean', default: false } },
});
if (!values.from) {
  console.error('Name the version to start from: npm run prove -- upgrade --from <git ref>');
  process.exit(2);
}

let running: Running | null = null;
const faults: string[] = [];

function result(good: boolean, name: string, detail: string): void {
  console.log(`  ${good ? 'ok   ' : 'FAULT'} ${name}: ${detail}`);
  if (!good) faults.push(name);
}

async function signInOwner(demo: UpgradeDemo): Promise<Api> {
  const anybody = new Api(demo.baseUrl, null);
  return anybody.as(textAt(await anybody.post('/auth/sign-in', demo.owner), 'accessToken'));
}

/** Fills the earlier version, and stops it while messages are in flight. */
async function before(
  folder: string,
  home: string,
  { port, ends }: { port: number; ends: FarEnds },
): Promise<{ filled: Filled; snapshot: Snapshot }> {
  running = await startVersion(folder, home, port);
  const { demo } = running;
  console.log(`  started in ${running.readySeconds.toFixed(1)} s`);
  const filled = await fill(demo, ends);
  await sleep(DAWDLE_MS);
  const snapshot = await takeSnapshot(await signInOwner(demo), demo.spaceId);
  console.log(`  filled: ${sizeOf(snapshot)} things`);
  ends.refusing = true;
  await sendInFlight(demo, filled);
  await running.stop();
  running = null;
  console.log(`  stopped with ${filled.inFlight.length} messages in flight`);
  return { filled, snapshot };
}

async function judge(check: Check, upgraded: Upgraded): Promise<void> {
  try {
    result(true, check.name, await check.run(upgraded));
  } catch (error) {
    result(false, check.name, error instanceof Error ? error.message : String(error));
  }
}

async function after(
  home: string,
  { port, ends }: { port: number; ends: FarEnds },
  { filled, snapshot }: { filled: Filled; snapshot: Snapshot },
): Promise<void> {
  running = await startVersion(root, home, port);
  const { demo } = running;
  result(true, 'Every service is ready', `${running.readySeconds.toFixed(1)} s after the start`);
  ends.refusing = false;
  const owner = await signInOwner(demo);
  for (const check of checks) await judge(check, { demo, filled, ends, owner });
  const now = await takeSnapshot(await signInOwner(demo), demo.spaceId);
  const found = differences(snapshot, now, isExpected(filled, snapshot));
  for (const line of found.slice(0, 40)) console.log(`        ${line}`);
  result(
    found.length === 0,
    'Nothing is lost or changed',
    `${sizeOf(snapshot)} things compared, ${found.length} differ`,
  );
  checkDeadLetters(home);
}

/**
 * Whether a difference is meant: a merged contact is no longer listed, and its conversations name the contact that it is part
 * of. A check of its own reads the merged ones.
 */
function isExpected({ duplicates }: Filled, snapshot: Snapshot): (difference: string) => boolean {
  const contacts = duplicates.flat();
  const merged = duplicates.flatMap(([_oldest, ...others]) => others);
  const moved = [...(snapshot.get('conversations') ?? [])]
    .filter(([, conversation]) => contacts.includes(textAt(conversation, 'contactId')))
    .map(([id]) => id);
  return (difference) =>
    merged.some((id) => difference === `contacts ${id} is missing`) ||
    contacts.some((id) => difference.startsWith(`contacts ${id}.identities`)) ||
    moved.some((id) => new RegExp(`^conversations ${id}\\.(contactId|participants)`).test(difference));
}

function checkDeadLetters(home: string): void {
  const args = ['--conditions=source', '--no-warnings', join(root, 'tools/cli/src/main.ts'), 'dlq', 'list'];
  const env = { ...process.env, PARLEY_HOME: home };
  const listed = execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
    .trim()
    .split('\n');
  const left = listed.filter((line) => !line.endsWith(': no dead letters'));
  result(left.length === 0, 'No dead letters', left.join('\n') || `${listed.length} services have none`);
}

async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'parley-upgrade-'));
  chmodSync(home, 0o711);
  const ends = await startFarEnds();
  const place = { port: await freePort(), ends };
  console.log(`Checking out ${values.from} and installing its packages`);
  // A folder that has the commit and its packages already saves the minute.
  const code = values.code
    ? { folder: values.code, remove: () => undefined }
    : await checkOut(root, values.from ?? '');
  try {
    console.log(`Starting ${values.from}`);
    const left = await before(code.folder, home, place);
    console.log('Starting this version');
    await after(home, place, left);
  } finally {
    await running?.stop();
    await ends.close();
    code.remove();
    if (values.keep) console.log(`The installation lies in ${home}`);
    else rmSync(home, { recursive: true, force: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void Promise.resolve(running?.stop()).finally(() => process.exit(1)));

await main();
console.log(faults.length === 0 ? '\nThe upgrade lost nothing.' : `\nFaults: ${faults.join('; ')}`);
process.exit(faults.length === 0 ? 0 : 1);
