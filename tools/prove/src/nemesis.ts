import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is killed. */
export const victims = ['conversation', 'flow-engine', 'channel-gateway', 'nats-server'] as const;

/** One kill -9, and when things went on. */
export interface Kill {
  victim: string;
  at: number;
  /** Milliseconds until the first post sent after the kill was accepted. */
  acceptedAfter: number | null;
  /** Milliseconds until the first answer to a post that was accepted after the kill. */
  answeredAfter: number | null;
}

/** When and how often to kill. */
export interface NemesisOptions {
  home: string;
  kills: number;
  /** Shortest and longest pause before each. */
  pauseMs: [number, number];
  say(line: string): void;
}

/** Kills random processes of an installation, one at a time, and watches how soon it serves again. */
export class Nemesis {
  readonly kills: Kill[] = [];
  private readonly options: NemesisOptions;

  constructor(options: NemesisOptions) {
    this.options = options;
  }

  async run(): Promise<void> {
    const { kills, pauseMs, say, home } = this.options;
    const [shortest, longest] = pauseMs;
    for (let count = 0; count < kills; count += 1) {
      await sleep(shortest + Math.random() * (longest - shortest));
      // Each at least once, then at random.
      const order = count < victims.length ? count : Math.floor(Math.random() * victims.length);
      const victim = victims[order] ?? 'conversation';
      const pid = pidOf(home, victim);
      if (pid === null) continue;
      process.kill(pid, 'SIGKILL');
      this.kills.push({ victim, at: performance.now(), acceptedAfter: null, answeredAfter: null });
      say(`  kill -9 of ${victim} (${count + 1} of ${kills})`);
    }
  }

  /** A post was accepted; `sentAt`: when it was first sent. */
  accepted(sentAt: number): void {
    const now = performance.now();
    for (const kill of this.kills)
      if (kill.acceptedAfter === null && sentAt > kill.at) kill.acceptedAfter = now - kill.at;
  }

  /** An answer came to a post that was accepted at `acceptedAt`. */
  answered(acceptedAt: number): void {
    const now = performance.now();
    for (const kill of this.kills)
      if (kill.answeredAfter === null && acceptedAt > kill.at) kill.answeredAfter = now - kill.at;
  }
}

/** The process of a service, as `up` wrote it down; null where it does not run. */
export function pidOf(home: string, name: string): number | null {
  const recorded = JSON.parse(readFileSync(join(home, 'processes.json'), 'utf8')) as {
    name: string;
    pid: number;
  }[];
  return recorded.find((one) => one.name === name)?.pid ?? null;
}
