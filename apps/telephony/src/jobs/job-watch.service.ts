import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { CallCause, CallMessage } from '@parley/contracts';
import { Database, sleep } from '@parley/database';
import { CallBus, type Lease, Leases, type NatsConnection, reasonOf } from '@parley/messaging';
import { InjectOperationsNats, Logger } from '@parley/service';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import type { CallRow, LiveCall, Tables, TelephonyTrx } from '../database.ts';
import { LiveKitAdapter } from '../rooms/livekit.adapter.ts';
import { decide } from './silence.ts';

const EVERY_MS = 500;

/** The same while there is no call. */
const IDLE_MS = 1000;

/** Without an answer of NATS within that time nothing can be heard of jobs. */
const DEAF_MS = 1000;

/** A round that comes so late was held up. */
const STOOD_MS = 1500;

/** What jobs need to make themselves heard again. */
const GRACE_MS = 3000;

const FORGET_MS = 60_000;

/** When a job was last heard, and of which generation it is: older ones do not count any more. */
interface Heard {
  at: number;
  generation: number;
}

/** Misses jobs that say nothing any more: sends another agent, and ends a call that stays without one. */
@Injectable()
export class JobWatchService implements OnModuleInit, OnModuleDestroy {
  private readonly heard = new Map<string, Heard>();
  private unsubscribe: (() => void) | undefined;
  private sweeper: NodeJS.Timeout | undefined;
  /** Silence counts from here: before it, this process may not have heard what was said. */
  private since = 0;

  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly liveKit: LiveKitAdapter,
    private readonly bus: CallBus,
    private readonly leases: Leases,
    private readonly logger: Logger,
    @InjectOperationsNats() private readonly nats: NatsConnection,
  ) {}

  /** Every process listens, so that each can take the watch over. */
  onModuleInit(): void {
    this.countFrom(Date.now() + GRACE_MS);
    this.unsubscribe = this.bus.subscribe('*', '*', (news) => this.hear(news));
    this.sweeper = setInterval(() => this.forget(), FORGET_MS).unref();
    this.leases.runWhileHeld('job_watch', (lease) => this.run(lease));
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
    this.unsubscribe?.();
  }

  private hear(news: CallMessage): void {
    if (news.type !== 'job_alive') return;
    const { callId, generation } = news;
    if (generation >= (this.heard.get(callId)?.generation ?? 0))
      this.heard.set(callId, { at: Date.now(), generation });
  }

  private forget(): void {
    for (const [callId, { at }] of this.heard) if (Date.now() - at > FORGET_MS) this.heard.delete(callId);
  }

  private async run(lease: Lease): Promise<void> {
    this.countFrom(Date.now());
    let last = Date.now();
    while (!lease.signal.aborted) {
      // A process that stood still has yet to hear what was said meanwhile; one cut off from NATS never will.
      if (Date.now() - last > IDLE_MS + STOOD_MS) this.countFrom(Date.now());
      if (!(await this.hears())) this.countFrom(Date.now() + GRACE_MS);
      const calls = await this.round(lease).catch((error: unknown) => this.complain(error));
      last = Date.now();
      await sleep(calls === 0 ? IDLE_MS : EVERY_MS, { signal: lease.signal }).catch(() => undefined);
    }
  }

  private countFrom(moment: number): void {
    this.since = Math.max(this.since, moment);
  }

  private async hears(): Promise<boolean> {
    const answer = this.nats.rtt().then(
      () => true,
      () => false,
    );
    return Promise.race([answer, sleep(DEAF_MS, { ref: false }).then(() => false)]);
  }

  /** Answers how many calls there are. */
  private async round(lease: Lease): Promise<number> {
    const now = Date.now();
    const live = await this.database.withSpaces([], (trx) => this.repository.live(trx));
    const decided = live.map((call) => ({ call, verdict: decide(call, this.quietSince(call), now) }));
    for (const { call, verdict } of decided)
      if (verdict === 'replace' && lease.isHeld()) await this.replace(call);
    const lost = decided.filter(({ verdict }) => verdict === 'give_up').map(({ call }) => call);
    if (lost.length > 0) await this.giveUp(lost, lease);
    return live.length;
  }

  private quietSince({ id, generation, startedAt }: LiveCall): number {
    const heard = this.heard.get(id);
    if (heard && heard.generation < generation) heard.generation = generation;
    return Math.max(heard?.at ?? 0, this.since, startedAt.getTime());
  }

  private async replace(call: LiveCall): Promise<void> {
    const next = await this.within(call, (trx, row) => this.calls.replaceAgent(trx, row, call.generation));
    if (next)
      this.logger.warn(
        { callId: call.id, generation: next.generation },
        'Agent lost in a call, dispatching another',
      );
  }

  /** Where the room is gone as well, it was not the agent that failed. */
  private async giveUp(lost: readonly LiveCall[], lease: Lease): Promise<void> {
    const rooms = await this.liveKit.roomNames(lost.map(({ id }) => id)).catch((): string[] => []);
    for (const call of lost) {
      if (!lease.isHeld()) return;
      const without: CallCause = call.answered ? 'agent_lost' : 'no_agent';
      const cause = rooms.includes(call.id) ? without : 'connection_lost';
      await this.within(call, (trx, row) =>
        row.generation === call.generation ? this.calls.end(trx, row, cause) : Promise.resolve(row),
      );
    }
  }

  private async within<Result>(
    { spaceId, id }: LiveCall,
    work: (trx: TelephonyTrx, row: CallRow) => Promise<Result>,
  ): Promise<Result | null> {
    return this.database.withSpaces([spaceId], async (trx) => {
      const row = await this.repository.lock(trx, spaceId, id);
      return row ? work(trx, row) : null;
    });
  }

  private complain(error: unknown): void {
    this.logger.warn({ reason: reasonOf(error) }, 'Agent watch failed, retrying');
  }
}
