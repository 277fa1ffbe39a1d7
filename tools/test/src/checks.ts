import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { bin, root } from './workspace.ts';

/** Longest a check may take: what hangs is ended and told, not waited for. */
const CHECK_MS = 10 * 60_000;

/** Runs a check, and tells what it printed and how long it took; whether it passed. */
async function check(name: string, command: string, args: string[]): Promise<boolean> {
  const began = performance.now();
  const child = spawn(command, args, { cwd: root, timeout: CHECK_MS, killSignal: 'SIGKILL' });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const passed = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (status) => resolve(status === 0));
  });
  if (!passed) process.stdout.write(printed);
  console.log(
    `${passed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
  );
  return passed;
}

/** One check after the other; whether all passed. */
async function inTurn(checks: readonly (() => Promise<boolean>)[]): Promise<boolean> {
  let sound = true;
  for (const run of checks) sound = (await run()) && sound;
  return sound;
}

/** Format, lint, types and the build, two at a time; whether all passed. */
export async function staticChecks(): Promise<boolean> {
  // Who may import whom is read off the projects: lint needs their graph.
  const graph = await check('projects', bin('nx'), ['show', 'projects', '--json']);
  const cache = ['--cache', '--cache-location', 'node_modules/.cache/eslint/', '--cache-strategy', 'content'];
  const sound = await Promise.all([
    check('lint', bin('eslint'), ['.', ...cache]),
    inTurn([
      () => check('format', bin('biome'), ['format', '.']),
      () => check('types', bin('tsc'), ['-p', 'tsconfig.json', '--noEmit']),
      () => check('types of the widget', bin('tsc'), ['-p', 'apps/widget/tsconfig.json']),
      built,
    ]),
  ]);
  return graph && sound.every(Boolean);
}

/** Several tests use what is built: they find it, instead of building at the same time. */
export function built(): Promise<boolean> {
  return check('build', bin('node'), ['--no-warnings', 'tools/up/bin/build.mjs']);
}

/** Chromium for the browser stories: Debian's, installed when there is a right to. */
export function ensureChromium(): void {
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
