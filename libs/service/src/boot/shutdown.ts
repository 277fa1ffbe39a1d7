import type { Logger } from '../log/logger.ts';

/** One step of going down; steps run in order, and a failing one does not keep the next from running. */
export interface ShutdownStep {
  readonly name: string;
  readonly run: () => Promise<unknown> | unknown;
}

/** How a process ends: given by tests. */
export interface ShutdownOptions {
  readonly exit: (code: number) => void;
  readonly deadlineMs: number;
}

const DEADLINE_MS = 25_000;

/** Runs the steps within a deadline, after which the process ends all the same: nothing depends on a clean end. */
export class Shutdown {
  readonly #logger: Logger;
  readonly #end: ShutdownOptions;
  #steps: readonly ShutdownStep[] = [];
  #begun = false;

  constructor(logger: Logger, end: Partial<ShutdownOptions> = {}) {
    this.#logger = logger;
    this.#end = { exit: (code) => process.exit(code), deadlineMs: DEADLINE_MS, ...end };
  }

  /** Names the steps, once there is something to take down. */
  plan(steps: readonly ShutdownStep[]): void {
    this.#steps = steps;
  }

  /** Listens to SIGTERM and SIGINT; a second one ends the process at once. */
  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.handleSignal(signal));
  }

  handleSignal(signal: string): void {
    if (this.#begun) {
      this.#logger.warn({ signal }, 'Second signal received, exiting immediately');
      this.#end.exit(1);
      return;
    }
    this.#logger.info({ signal }, 'Shutdown started');
    void this.run().then((clean) => this.#end.exit(clean ? 0 : 1));
  }

  /** Runs the steps; answers whether all ended in time. */
  async run(): Promise<boolean> {
    this.#begun = true;
    const late = new Promise<false>((resolve) => {
      setTimeout(() => resolve(false), this.#end.deadlineMs).unref();
    });
    const ended = await Promise.race([this.#runSteps(), late]);
    if (!ended) this.#logger.error({ deadlineMs: this.#end.deadlineMs }, 'Shutdown timed out');
    return ended;
  }

  async #runSteps(): Promise<true> {
    for (const { name, run } of this.#steps) {
      try {
        await run();
        this.#logger.debug({ step: name }, 'Shutdown step finished');
      } catch (error) {
        this.#logger.warn({ step: name, err: error }, 'Shutdown step failed');
      }
    }
    return true;
  }
}
