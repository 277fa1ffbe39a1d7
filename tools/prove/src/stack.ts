import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@parley/testing';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const READY_MS = 300_000;

/** What anybody knows of an installation: its demo.json. */
export interface Demo {
  baseUrl: string;
  apiKey: string;
  spaceId: string;
  agentId: string;
}

/** A running installation. */
export interface Stack {
  demo: Demo;
  /** Folder of the installation (PARLEY_HOME). */
  home: string;
  stop(): Promise<void>;
}

/** Uses the installation of a folder, or starts one of its own as `npm run up` does. */
export async function openStack(home: string | undefined): Promise<Stack> {
  if (home) return { demo: readDemo(home), home, stop: () => Promise.resolve() };
  const own = mkdtempSync(join(tmpdir(), 'parley-prove-'));
  chmodSync(own, 0o711);
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn('node', [join(root, 'tools/up/bin/up.mjs')], {
    cwd: root,
    env: { ...env, PARLEY_HOME: own, PORT: String(await freePort()) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let printed = '';
    const timer = setTimeout(() => reject(new Error(`Parley was not ready in time.\n${printed}`)), READY_MS);
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
      if (!printed.includes('Parley is ready')) return;
      clearTimeout(timer);
      resolve();
    });
    void ended.then(() => reject(new Error(`Parley did not start.\n${printed}`)));
  });
  return {
    demo: readDemo(own),
    home: own,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(own, { recursive: true, force: true });
    },
  };
}

function readDemo(home: string): Demo {
  return JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as Demo;
}
