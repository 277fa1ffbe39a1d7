import { ConnectionLimiter, TokenBuckets } from '@parley/service';
import type { Connection } from './connection.ts';

/** How many sockets there may be. */
export interface AdmissionLimits {
  total: number;
  /** Sockets that have not authenticated, of all clients and of one address. */
  pending: number;
  pendingPerAddress: number;
}

/** Upgrades of one client address. */
const UPGRADES = { perSecond: 50, burst: 500 };
/** Sockets that are told why they are turned away, and are not gone yet; beyond, an upgrade is refused outright. */
const MOST_TURNED_AWAY = 1000;
/** A socket that waited for as long makes room for another one. */
const PATIENCE_MS = 1000;
const MOST_OF_VISITOR = 20;
const MOST_OF_OTHERS = 500;
/** Frames of one visitor over all its connections. */
const VISITOR_FRAMES = { perSecond: 40, burst: 120 };

/** Which sockets are let in: those who have not said who they are cannot crowd out others. */
export class Admissions {
  private readonly limits: AdmissionLimits;
  private readonly upgrades = new TokenBuckets(UPGRADES);
  private readonly visitorFrames = new TokenBuckets(VISITOR_FRAMES);
  private readonly pendingOf: ConnectionLimiter;
  private readonly turnedAway = new ConnectionLimiter({ total: MOST_TURNED_AWAY, perKey: MOST_TURNED_AWAY });
  private readonly visitors = new ConnectionLimiter({ total: Infinity, perKey: MOST_OF_VISITOR });
  private readonly others = new ConnectionLimiter({ total: Infinity, perKey: MOST_OF_OTHERS });
  /** The longest waiting first. */
  private readonly pending = new Map<Connection, () => void>();
  private open = 0;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
    this.pendingOf = new ConnectionLimiter({ total: Infinity, perKey: limits.pendingPerAddress });
  }

  /** Sockets that have not authenticated. */
  get waiting(): number {
    return this.pending.size;
  }

  /** Whether an address may ask for another upgrade now. */
  takeUpgrade(address: string): boolean {
    return this.upgrades.tryTake(address);
  }

  /** A place for a new socket; null when there is none. */
  enter(address: string): { wait(connection: Connection): void; leave(): void } | null {
    if (this.open >= this.limits.total || !this.makeRoom()) return null;
    const leavePending = this.pendingOf.acquire(address);
    if (!leavePending) return null;
    this.open += 1;
    let isIn = true;
    let waiting: Connection | null = null;
    const settle = (): void => {
      leavePending();
      if (waiting) this.pending.delete(waiting);
    };
    return {
      wait: (connection) => {
        waiting = connection;
        this.pending.set(connection, settle);
      },
      leave: () => {
        settle();
        if (isIn) this.open -= 1;
        isIn = false;
      },
    };
  }

  /** The connection has authenticated. */
  settle(connection: Connection): void {
    this.pending.get(connection)?.();
  }

  /** Counts a socket that is only told why it may not stay; null when there are too many of those, too. */
  turnAway(): (() => void) | null {
    return this.turnedAway.acquire('');
  }

  /** Counts an authenticated connection; null when its owner has too many. */
  enterAs(principal: { type: string; id: string }): (() => void) | null {
    return (principal.type === 'visitor' ? this.visitors : this.others).acquire(principal.id);
  }

  /** What a visitor's connections share; null for others. */
  framesOf(principal: { type: string; id: string }): ReturnType<TokenBuckets['bucketFor']> | null {
    return principal.type === 'visitor' ? this.visitorFrames.bucketFor(principal.id) : null;
  }

  private makeRoom(): boolean {
    if (this.pending.size < this.limits.pending) return true;
    const [oldest] = this.pending.keys();
    if (!oldest || Date.now() - oldest.openedAt < PATIENCE_MS) return false;
    this.settle(oldest);
    oldest.cut('Too many connections wait to authenticate. Authenticate at once.');
    return true;
  }
}
