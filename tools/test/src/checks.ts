import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { bin, root } from './workspace.ts';

/** Longest a check may take: what hangs is ended and told, not waited for. */
const CHECK_MS = 10 * 60_000;

/** Runs a check and tells how long it took; whether it passed. */
function check(name: string, command: string, args: string[]): boolean {
  const began = performance.now();
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    timeout: CHECK_MS,
    killSignal: 'SIGKILL',
  });
  console.log(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
  );
  return status === 0;
}

/** Format, lint, types and the build; whether all passed. */
export function staticChecks(): boolean {
  return [
    // Who may import whom is read off the projects: lint needs their graph.
    check('projects', bin('nx'), ['show', 'projects', '--json']),
    check('format', bin('biome'), ['format', '.']),
    check('lint', bin('eslint'), [
      '.',
      '--cache',
      '--cache-location',
      'node_modules/.cache/eslint/',
      '--cache-strategy',
      'content',
    ]),
    check('types', bin('tsc'), ['-p', 'tsconfig.json', '--noEmit']),
    check('types of the widget', bin('tsc'), ['-p', 'apps/widget/tsconfig.json']),
    built(),
  ].every(Boolean);
}

/** Several tests use what is built: they find it, instead of building at the same time. */
export function built(): boolean {
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
