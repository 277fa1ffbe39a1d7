import type { CallMessage } from '@parley/contracts';

type Alive = Extract<CallMessage, { type: 'job_alive' }>;

const EVERY_MS = 1000;

/** Says once a second that the call's job is there, and what it does. */
export class Heartbeat {
  private readonly send: (news: Alive) => void;
  private readonly news: () => Alive;
  private timer: NodeJS.Timeout | null = null;

  constructor(send: (news: Alive) => void, news: () => Alive) {
    this.send = send;
    this.news = news;
  }

  /** Says it at once, then each second. */
  start(): void {
    this.send(this.news());
    this.timer = setInterval(() => this.send(this.news()), EVERY_MS);
  }

  /** Says it out of turn, because what the job does has changed. */
  beat(): void {
    if (this.timer) this.send(this.news());
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }
}
