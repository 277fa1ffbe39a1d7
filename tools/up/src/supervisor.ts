import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { killGroup, type ProcessRecord } from './processes.ts';

/** A program that is kept running. */
export interface Program {
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

const LONGEST_PAUSE_MS = 5000;
const STEADY_MS = 10_000;
const GRACE_MS = 9000;

/** Keeps programs running: what dies is started again at once, with a line; one that dies again and again, ever later. */
export class Supervisor {
  private readonly children = new Map<string, ChildProcess>();
  private readonly record: ProcessRecord;
  private readonly logs: string;
  private stopping = false;

  constructor(record: ProcessRecord, logs: string) {
    this.record = record;
    this.logs = logs;
    mkdirSync(logs, { recursive: true, mode: 0o700 });
  }

  start(program: Program, failures = 0): void {
    if (this.stopping) return;
    const began = Date.now();
    const child = spawn(program.command, program.args, {
      cwd: program.cwd,
      env: program.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a session of its own, so that Ctrl-C reaches the launcher alone, which ends everything in order.
      detached: true,
    });
    const log = createWriteStream(join(this.logs, `${program.name}.log`), { flags: 'a', mode: 0o600 });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.children.set(program.name, child);
    if (child.pid) this.record.add(program.name, child.pid);
    child.once('exit', (code, signal) => {
      log.end();
      this.children.delete(program.name);
      if (this.stopping) return;
      const count = Date.now() - began > STEADY_MS ? 0 : failures + 1;
      const pause = count <= 1 ? 0 : Math.min(LONGEST_PAUSE_MS, 250 * 2 ** (count - 2));
      console.log(
        `  ${program.name} exited (${signal ?? `code ${code}`}), restarting${pause ? ` in ${pause} ms; see ${join(this.logs, `${program.name}.log`)}` : ''}`,
      );
      setTimeout(() => this.start(program, count), pause);
    });
  }

  /** Ends everything: asked first, killed after a while, with all that it has started itself. */
  async stop(): Promise<void> {
    this.stopping = true;
    const children = [...this.children.values()];
    const ended = children.map(
      (child) =>
        new Promise<void>((resolve) =>
          child.exitCode !== null || child.signalCode !== null
            ? resolve()
            : child.once('exit', () => resolve()),
        ),
    );
    for (const child of children) child.kill('SIGTERM');
    const killAll = (): void => children.forEach(({ pid }) => pid && killGroup(pid));
    const timer = setTimeout(killAll, GRACE_MS);
    await Promise.all(ended);
    clearTimeout(timer);
    killAll();
  }
}
