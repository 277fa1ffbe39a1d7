import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { CallCause } from '@parley/contracts';
import { Database, sleep } from '@parley/database';
import { type Lease, Leases, reasonOf } from '@parley/messaging';
import { Clock, InjectConfig, Logger } from '@parley/service';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import type { TelephonyConfig } from '../config.ts';
import type { LiveCall, Tables } from '../database.ts';
import { CallersService } from './callers.service.ts';
import { LiveKitAdapter } from './livekit.adapter.ts';

const EVERY_MS = 2000;

/** A new call's room may not stand yet. */
const YOUNG_MS = 10_000;

/** Callers find back into the room of a LiveKit that was started anew. */
const GONE_MS = 5000;

/** A job ends its call by itself before this is needed. */
const OVERTIME_MS = 15_000;

/** Holds calls and rooms against one another: webhooks may be lost, and servers may end without a word. */
@Injectable()
export class ReconcilerService implements OnModuleInit {
  /** Since when the room of a call has not been there. */
  private readonly goneSince = new Map<string, number>();

  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly callers: CallersService,
    private readonly liveKit: LiveKitAdapter,
    private readonly leases: Leases,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: TelephonyConfig,
  ) {}

  onModuleInit(): void {
    this.leases.runWhileHeld('reconciler', (lease) => this.run(lease));
  }

  private async run(lease: Lease): Promise<void> {
    this.goneSince.clear();
    while (!lease.signal.aborted) {
      await this.round(lease).catch((error: unknown) => {
        this.logger.warn({ reason: reasonOf(error) }, 'Reconciling calls and rooms failed');
      });
      await sleep(EVERY_MS, { signal: lease.signal }).catch(() => undefined);
    }
  }

  /** Calls are read before the rooms: one that begins in between is not taken for one without a room. */
  private async round(lease: Lease): Promise<void> {
    const live = await this.database.withSpaces([], (trx) => this.repository.live(trx));
    const late = live.filter((call) => this.isOver(call));
    await this.endAll(lease, late, 'time_limit');
    const rooms = new Set(await this.liveKit.roomNames());
    await this.endAll(
      lease,
      live.filter((call) => this.isGone(call, rooms)),
      'connection_lost',
    );
    const known = new Set(live.map(({ id }) => id));
    for (const id of this.goneSince.keys()) if (!known.has(id)) this.goneSince.delete(id);
    for (const room of rooms) if (!known.has(room) && lease.isHeld()) await this.look(room);
  }

  private isOver({ startedAt }: LiveCall): boolean {
    const limit = this.config.CALL_TIME_LIMIT_MINUTES * 60_000 + OVERTIME_MS;
    return this.clock.now() - startedAt.getTime() > limit;
  }

  private isGone({ id, startedAt }: LiveCall, rooms: ReadonlySet<string>): boolean {
    const now = this.clock.now();
    if (rooms.has(id) || now - startedAt.getTime() < YOUNG_MS) {
      this.goneSince.delete(id);
      return false;
    }
    const since = this.goneSince.get(id) ?? now;
    this.goneSince.set(id, since);
    return now - since >= GONE_MS;
  }

  private async endAll(lease: Lease, calls: readonly LiveCall[], cause: CallCause): Promise<void> {
    for (const { spaceId, id } of calls) {
      if (!lease.isHeld()) return;
      await this.database.withSpaces([spaceId], async (trx) => {
        const row = await this.repository.lock(trx, spaceId, id);
        if (row) await this.calls.end(trx, row, cause);
      });
    }
  }

  /** A room without a live call: its caller was not told of, or what is in it was left behind. */
  private async look(room: string): Promise<void> {
    if (!/^call_[0-9a-z]+$/.test(room)) return;
    const caller = (await this.liveKit.participants(room)).find(({ job }) => job?.callId === room);
    const job = caller?.job;
    if (job) {
      await this.database.withSpaces([job.spaceId], (trx) => this.callers.isThere(trx, job, caller.sid));
      return;
    }
    const spaceId = await this.database.withSpaces([], (trx) => this.repository.spaceOf(trx, room));
    if (spaceId === null) return;
    await this.database.withSpaces([spaceId], async (trx) => {
      const row = await this.repository.lock(trx, spaceId, room);
      if (row?.phase === 'ended') await this.calls.closeRoom(trx, row);
    });
  }
}
