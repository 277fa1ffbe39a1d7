import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const args = ['--no-warnings', `${root}tools/lockfile/src/main.ts`];
const { status } = spawnSync(workspaceNode() ?? process.execPath, args, { stdio: 'inherit' });
process.exit(status ?? 1);
