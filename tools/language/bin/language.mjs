import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

// The workspace's own Node runs TypeScript as it is; the machine's may be older.
const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const node = workspaceNode() ?? process.execPath;
const { status } = spawnSync(node, ['--conditions=source', program, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
