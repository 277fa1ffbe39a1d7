import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kept = fileURLToPath(new URL('../../../artefacts/logs', import.meta.url));

export default async function tearDown() {
  const child = globalThis.parleyStack;
  if (!child) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  // A story that failed is understood by what the services said.
  rmSync(kept, { recursive: true, force: true });
  cpSync(join(process.env.PARLEY_E2E_HOME, 'logs'), kept, { recursive: true });
  rmSync(process.env.PARLEY_E2E_HOME, { recursive: true, force: true });
}
