import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const READY_MS = 300_000;

/** Starts the stack with `npm run up`, in a folder and on a port of its own. */
export default async function setUp() {
  const home = mkdtempSync(join(tmpdir(), 'parley-story-'));
  chmodSync(home, 0o711);
  const port = await freePort();
  // A story may stand up a speech server there; agents that do not ask for it never go to it.
  const audioPort = await freePort();
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn('node', [join(root, 'tools/up/bin/up.mjs')], {
    cwd: root,
    env: {
      ...env,
      PARLEY_HOME: home,
      PORT: String(port),
      // Stories sign people up, and all of them share one address.
      SIGN_UP: 'open',
      RATE_LIMIT_ADDRESS: '6000',
      VOICE_OPENAI_BASE_URL: `http://127.0.0.1:${audioPort}/v1`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await ready(child);
  process.env.PARLEY_E2E_HOME = home;
  process.env.PARLEY_E2E_AUDIO_PORT = String(audioPort);
  globalThis.parleyStack = child;
}

function ready(child) {
  let printed = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Not ready in time.\n${printed}`)), READY_MS);
    const hear = (chunk) => {
      printed += chunk;
      if (!printed.includes('Parley is ready')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`It ended before it was ready.\n${printed}`)));
  });
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
