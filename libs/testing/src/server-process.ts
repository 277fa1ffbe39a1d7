import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that was started and answers. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves with the exit code or signal once it has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** What it printed lately. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end and waits; after `graceMs` it is killed. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

/** How a program is started. */
export interface StartOptions {
  command: string;
  args: string[];
  spawn?: SpawnOptions;
  /** Called with the process id as soon as the program runs, before it is ready. */
  onSpawn?: ((pid: number) => void) | undefined;
  /** Asked again and again until it answers true; an early end of the program is an error with its output. */
  ready: () => Promise<boolean>;
  timeoutMs?: number;
}

/** What each server that is started takes beside its own settings. */
export interface Supervised {
  /**
   * Starts it in a session of its own: a signal to the terminal's process group does not reach it, and the one who
   * started it ends it.
   */
  detached?: boolean;
  onSpawn?: ((pid: number) => void) | undefined;
}

const OUTPUT_LIMIT = 16_384;

/** Starts a program and waits until it is ready, or says what it printed before it ended. */
export async function startServer(options: StartOptions): Promise<ServerProcess> {
  const child = spawn(options.command, options.args, { stdio: ['ignore', 'pipe', 'pipe'], ...options.spawn });
  const server = watch(child);
  if (child.pid) options.onSpawn?.(child.pid);
  const until = Date.now() + (options.timeoutMs ?? 30_000);
  let end: { code: number | NodeJS.Signals | null } | null = null;
  void server.ended.then((code) => (end = { code }));
  while (!(await options.ready().catch(() => false))) {
    if (end) throw new Error(`${options.command} ended before it was ready.\n${server.output()}`);
    if (Date.now() > until) {
      server.kill('SIGKILL');
      throw new Error(`${options.command} was not ready in time.\n${server.output()}`);
    }
    await sleep(20);
  }
  return server;
}

function watch(child: ChildProcess): ServerProcess {
  let text = '';
  const keep = (chunk: unknown): void => {
    text = (text + String(chunk)).slice(-OUTPUT_LIMIT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('error', (error) => {
      keep(error.message);
      resolve(null);
    });
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  };
  return {
    pid: child.pid ?? 0,
    ended,
    output: () => text,
    kill,
    stop: async (signal = 'SIGTERM', graceMs = 10_000) => {
      kill(signal);
      const timer = setTimeout(() => kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
