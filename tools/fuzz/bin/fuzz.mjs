import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The workspace's own Node runs TypeScript as it is; the machine's may be older.
const local = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const node = existsSync(local) ? local : process.execPath;
const child = spawn(node, ['--conditions=source', '--no-warnings', program, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
