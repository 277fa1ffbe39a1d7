import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const node = `${root}node_modules/.bin/node`;

if (!existsSync(node)) {
  console.log('Installing packages (npm install)');
  const { status } = spawnSync('npm', ['install'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
const { status } = spawnSync(
  node,
  ['--conditions=source', '--no-warnings', `${root}tools/test/src/main.ts`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
