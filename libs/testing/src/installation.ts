import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const READY_MS = 300_000;

/** What `demo.json` says of an installation, in part. */
export interface InstallationDemo {
  baseUrl: string;
  apiKey: string;
  spaceId: string;
  agentId: string;
  flowId: string;
  webChannelId: string;
  knowledgeBaseId: string;
}

/** A running installation. */
export interface RunningInstallation {
  demo: InstallationDemo;
  /** Folder of the installation (`PARLEY_HOME`). */
  home: string;
  stop(): Promise<void>;
}

/** Starts an installation as `npm run up` does, in a temporary folder and on a free port; `stop` removes it. */
export async function startInstallation(given: NodeJS.ProcessEnv = {}): Promise<RunningInstallation> {
  const home = mkdtempSync(join(tmpdir(), 'parley-installation-'));
  // PostgreSQL may run as another user, who has to pass through.
  chmodSync(home, 0o711);
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn('node', [join(root, 'tools/up/bin/up.mjs')], {
    cwd: root,
    env: { ...env, PARLEY_HOME: home, PORT: String(await freePort()), ...given },
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
    demo: readDemo(home),
    home,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Reads `demo.json` of an installation. */
export function readDemo(home: string): InstallationDemo {
  return JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as InstallationDemo;
}
