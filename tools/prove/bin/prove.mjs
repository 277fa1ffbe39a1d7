import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

// The workspace's own Node runs TypeScript as it is; the machine's may be older.
const own = ['upgrade', 'floods'].find((name) => name === process.argv[2]);
const program = fileURLToPath(new URL(own ? `../src/${own}/main.ts` : '../src/main.ts', import.meta.url));
const node = workspaceNode() ?? process.execPath;
const child = spawn(
  node,
  ['--conditions=source', '--no-warnings', program, ...process.argv.slice(own ? 3 : 2)],
  {
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
