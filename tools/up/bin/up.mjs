import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const node = `${root}node_modules/.bin/node`;

if (!existsSync(node) || !existsSync(`${root}node_modules/@parley/contracts`)) {
  console.log('Installing packages (npm install)');
  const { status } = spawnSync('npm', ['install'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// Goes on under the project's own Node; signals reach it through the shared terminal or are handed on.
const child = spawn(
  node,
  ['--conditions=source', '--no-warnings', `${root}tools/up/src/main.ts`, ...process.argv.slice(2)],
  { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
