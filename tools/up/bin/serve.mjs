import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const home = resolve(root, process.env.PARLEY_HOME ?? '.parley');
const [name] = process.argv.slice(2);
const file = `${home}/services.json`;

if (!existsSync(file)) {
  console.error('No running installation found. Run "npm run up" in another terminal first.');
  process.exit(1);
}
const service = JSON.parse(readFileSync(file, 'utf8')).find((one) => one.name === name);
if (!service) {
  console.error(`There is no service "${name}".`);
  process.exit(1);
}
// A second process of a service shares the work with the first; the door needs a port of its own.
const env = {
  ...service.env,
  HEALTH_PORT: '0',
  ...(service.env.PORT ? { PORT: process.env.PORT ?? '8090' } : {}),
};
process.umask(0o077);
const child = spawn(workspaceNode() ?? process.execPath, ['--enable-source-maps', 'main.js'], {
  cwd: service.folder,
  env,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
