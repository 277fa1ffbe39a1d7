import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const READY_MS = 300_000;

/** What an installation writes into its demo.json. */
export interface UpgradeDemo {
  baseUrl: string;
  apiKey: string;
  spaceId: string;
  agentId: string;
  flowId: string;
  webChannelId: string;
  customChannelId: string;
  customChannelSecret: string;
  knowledgeBaseId: string;
  mailUrl: string;
  s3Endpoint?: string;
  owner: { email: string; password: string };
  other: { spaceId: string; apiKey: string };
}

/** A running installation. */
export interface Running {
  demo: UpgradeDemo;
  readySeconds: number;
  printed(): string;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

/** Checks a commit out into a folder of its own and installs its packages. */
export async function checkOut(root: string, ref: string): Promise<{ folder: string; remove(): void }> {
  const { stdout } = await run('git', ['rev-parse', '--verify', `${ref}^{commit}`], { cwd: root });
  const folder = mkdtempSync(join(tmpdir(), 'parley-upgrade-code-'));
  await run('chmod', ['755', folder]);
  await run('git', ['clone', '--quiet', '--shared', '--no-checkout', root, folder]);
  await run('git', ['checkout', '--quiet', '--detach', stdout.trim()], { cwd: folder });
  const { NODE_OPTIONS: _options, ...env } = process.env;
  await run('npm', ['install', '--no-fund', '--no-audit'], { cwd: folder, env, maxBuffer: 50_000_000 });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts a version as `npm run up` does and waits until it says that it is ready. */
export async function startVersion(folder: string, home: string, port: number): Promise<Running> {
  const began = performance.now();
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn('node', [join(folder, 'tools/up/bin/up.mjs')], {
    cwd: folder,
    env: {
      ...env,
      PARLEY_HOME: home,
      PORT: String(port),
      PUBLIC_URL: `http://localhost:${port}`,
      SIGN_UP: 'open',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`Not ready in time.\n${printed}`));
    }, READY_MS);
    const read = (chunk: unknown): void => {
      printed += String(chunk);
      if (!printed.includes('Parley is ready')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then(() => {
      clearTimeout(timer);
      reject(new Error(`It ended before it was ready.\n${printed}`));
    });
  });
  return {
    demo: JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as UpgradeDemo,
    readySeconds: (performance.now() - began) / 1000,
    printed: () => printed,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
