import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const flags = ['--conditions=source', '--experimental-vm-modules', '--no-warnings'];
const args = [
  ...flags,
  `${root}node_modules/jest/bin/jest.js`,
  '--config',
  `${root}jest.config.mjs`,
  ...process.argv.slice(2),
];
const { status } = spawnSync(workspaceNode() ?? process.execPath, args, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: flags.join(' ') },
});
process.exit(status ?? 1);
