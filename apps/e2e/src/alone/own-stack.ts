import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@parley/testing';
import type { Demo } from '../demo.ts';
import { pidOf } from '../processes.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const READY_MS = 300_000;

/** A stack beside the stories' common one, for what needs another configuration. */
export class OwnStack {
  readonly demo: Demo;
  readonly home: string;
  private readonly child: ChildProcess;
  private readonly heard: string[];

  private constructor(child: ChildProcess, home: string, heard: string[]) {
    this.child = child;
    this.home = home;
    this.heard = heard;
    this.demo = JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as Demo;
  }

  /** What the launcher has printed. */
  get printed(): string {
    return this.heard.join('');
  }

  /** Process id of what runs under a name at this moment. */
  pidOf(name: string): number {
    return pidOf(name, this.home);
  }

  /** Starts a stack that the world reaches: `PUBLIC_URL` is its own address. */
  static async start(more: NodeJS.ProcessEnv = {}): Promise<OwnStack> {
    const home = mkdtempSync(join(tmpdir(), 'parley-own-'));
    // PostgreSQL may run as another user.
    chmodSync(home, 0o711);
    const port = await freePort();
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const child = spawn('node', [join(root, 'tools/up/bin/up.mjs')], {
      cwd: root,
      env: { ...env, PARLEY_HOME: home, PORT: String(port), PUBLIC_URL: `http://localhost:${port}`, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const heard: string[] = [];
    await ready(child, heard);
    return new OwnStack(child, home, heard);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}

function ready(child: ChildProcess, heard: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Not ready in time.\n${heard.join('')}`)), READY_MS);
    const hear = (chunk: unknown): void => {
      heard.push(String(chunk));
      if (!heard.join('').includes('Parley is ready')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`It ended before it was ready.\n${heard.join('')}`)));
  });
}
