import { rmSync } from 'node:fs';

export default async function tearDown() {
  const child = globalThis.parleyStack;
  if (!child) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  rmSync(process.env.PARLEY_E2E_HOME, { recursive: true, force: true });
}
