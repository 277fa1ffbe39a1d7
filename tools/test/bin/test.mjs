import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

if (!workspaceNode()) {
  console.log('Installing packages (npm install)');
  const { status } = spawnSync('npm', ['install'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
const { status } = spawnSync(
  workspaceNode() ?? process.execPath,
  ['--conditions=source', '--no-warnings', `${root}tools/test/src/main.ts`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
