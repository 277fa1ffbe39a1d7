import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

// The workspace's own Node runs TypeScript as it is; the machine's may be older.
const upgrade = process.argv[2] === 'upgrade';
const program = fileURLToPath(
  new URL(upgrade ? '../src/upgrade/main.ts' : '../src/main.ts', import.meta.url),
);
const node = workspaceNode() ?? process.execPath;
const child = spawn(
  node,
  ['--conditions=source', '--no-warnings', program, ...process.argv.slice(upgrade ? 3 : 2)],
  {
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
