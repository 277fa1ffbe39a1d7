import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@parley/client';
import { connectNats, type NatsConnection } from '@parley/messaging';
import { freePort } from '@parley/testing';
import pg from 'pg';

const ownRoot = fileURLToPath(new URL('../../..', import.meta.url));
const READY_MS = 300_000;

interface Demo {
  baseUrl: string;
  apiKey: string;
  spaceId: string;
  agentId: string;
  natsUrl: string;
  databaseUrl: string;
  webChannelId: string;
  suggestedQuestions: string[];
  /** A second space. */
  other: { spaceId: string; apiKey: string };
  /** Only where voice is on. */
  livekitUrl?: string;
}

/** An installation of one's own, as `npm run up` starts it, with its folder and its port. */
export class Installation {
  readonly home: string;
  /** The checkout that is started. */
  readonly root: string;
  port = 0;
  /** What it was started with beside the usual. */
  given: NodeJS.ProcessEnv = {};
  private child: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();

  constructor(root: string = ownRoot) {
    this.root = root;
    this.home = mkdtempSync(join(tmpdir(), 'parley-bench-'));
    // PostgreSQL may run as another user, who has to pass through.
    chmodSync(this.home, 0o711);
  }

  /** Starts it and waits until it says that it is ready. */
  async start(given: NodeJS.ProcessEnv = {}): Promise<void> {
    this.given = given;
    this.port ||= await freePort();
    const { NODE_OPTIONS: _options, NODE_ENV: _mode, ...env } = process.env;
    const child = spawn('node', [join(this.root, 'tools/up/bin/up.mjs')], {
      cwd: this.root,
      env: {
        ...env,
        ...{ PARLEY_HOME: this.home, PORT: String(this.port), PUBLIC_URL: `http://localhost:${this.port}` },
        ...given,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    this.ended = new Promise((resolve) => child.once('exit', () => resolve()));
    let printed = '';
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`Parley was not ready in time.\n${printed}`)), READY_MS);
      child.stdout.on('data', (chunk) => {
        printed += String(chunk);
        if (!printed.includes('Parley is ready')) return;
        clearTimeout(late);
        resolve();
      });
      void this.ended.then(() => reject(new Error(`Parley did not start.\n${printed}`)));
    });
  }

  /** The process that keeps the others running. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Processes that run at this moment: the launcher, servers and services. */
  processes(): { name: string; pid: number }[] {
    return JSON.parse(readFileSync(join(this.home, 'processes.json'), 'utf8')) as {
      name: string;
      pid: number;
    }[];
  }

  /** Process id of what runs under a name at this moment. */
  pidOf(name: string): number {
    const found = this.processes().findLast((one) => one.name === name);
    if (!found) throw new Error(`No process "${name}" is running.`);
    return found.pid;
  }

  get demo(): Demo {
    return JSON.parse(readFileSync(join(this.home, 'demo.json'), 'utf8')) as Demo;
  }

  get client(): Client {
    return createClient({ baseUrl: this.demo.baseUrl, token: this.demo.apiKey });
  }

  get natsPassword(): string {
    return readFileSync(join(this.home, 'secrets/nats-operator'), 'utf8').trim();
  }

  nats(): Promise<NatsConnection> {
    return connectNats({
      url: this.demo.natsUrl,
      user: 'operator',
      password: this.natsPassword,
      name: 'bench',
    });
  }

  async database(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.demo.databaseUrl });
    await client.connect();
    return client;
  }

  async stop(): Promise<void> {
    this.child?.kill('SIGTERM');
    await this.ended;
    this.child = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** What makes an acknowledged message durable; a measurement without it says nothing. */
export async function assertDurable(database: pg.Client): Promise<string> {
  const wanted = ['fsync', 'synchronous_commit', 'full_page_writes'];
  const { rows } = await database.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name',
    [wanted],
  );
  const off = rows.filter(({ setting }) => setting !== 'on');
  if (rows.length !== wanted.length || off.length > 0)
    throw new Error(`PostgreSQL is not durable: ${off.map(({ name }) => name).join(', ')} must be on.`);
  return `${rows.map(({ name, setting }) => `${name}=${setting}`).join(', ')}; nats-server sync_interval=always`;
}
