import { type Principal, realtimeCloseCodes } from '@parley/contracts';
import { GuardedSocket, TokenBucket } from '@parley/service';
import type { WebSocket } from 'ws';
import { FrameIntake, type RawFrame } from './frame-intake.ts';
import type { Session } from './session.ts';

const UNSENT_BYTES = 1024 * 1024;
/** Bytes a client may send: twenty of the largest frames at once, five of them in a second. */
const INBOUND = { perSecond: 512 * 1024, burst: 2 * 1024 * 1024 };
/** Frames of one connection that are handled. */
const FRAMES = { perSecond: 20, burst: 60 };
/** A credential is asked for so often: what ended is known within two seconds, also without an event. */
const RECHECK_MS = 1500;
const KNOWN_MS = 400;

/** What becomes of a connection's frames. */
export interface ConnectionParts {
  handle(connection: Connection, frame: RawFrame): Promise<void>;
  refuse(connection: Connection): void;
}

/** One client of `/ws/realtime`. */
export class Connection {
  readonly openedAt = Date.now();
  session: Session | null = null;
  /** The share of a visitor's frames that all its connections have together. */
  shared: TokenBucket | null = null;
  private readonly socket: GuardedSocket;
  private readonly frames = new TokenBucket(FRAMES);
  private readonly intake: FrameIntake;
  private isAlive = true;
  private watcher: NodeJS.Timeout | undefined;
  /** Asks for the credential again; the answer may be so many milliseconds old. */
  check: (keptMs: number) => Promise<void> = async () => undefined;

  private readonly onEnds: (() => void)[] = [];

  constructor(socket: WebSocket, parts: ConnectionParts) {
    this.socket = new GuardedSocket(socket, { unsentBytes: UNSENT_BYTES, inbound: INBOUND });
    this.intake = new FrameIntake({
      handle: (frame) => parts.handle(this, frame),
      hold: () => this.socket.pauseReading('intake'),
      letGo: () => this.socket.resumeReading('intake'),
      refuse: () => parts.refuse(this),
      cut: () => this.cut('Too many frames at once, or too many that cannot be read.'),
      claim: () => this.claim(),
    });
    this.socket.onMessage((data, isBinary) => this.intake.take({ data, isBinary }));
    this.socket.onPong(() => {
      this.isAlive = true;
    });
    this.socket.onClose(() => this.end());
  }

  get isOpen(): boolean {
    return this.socket.isOpen;
  }

  begin(session: Session): void {
    this.session = session;
    session.send({ type: 'ready' });
    this.intake.open();
  }

  /** Calls the function when the connection has ended. */
  onEnd(call: () => void): void {
    this.onEnds.push(call);
  }

  watch(check: (keptMs: number) => Promise<void>): void {
    this.check = check;
    this.watcher = setInterval(() => void check(KNOWN_MS), RECHECK_MS);
    // The connection may have ended while its credential was asked for.
    if (!this.isOpen) this.end();
  }

  /** Whether its rights are those of this account or key, or end with this channel. */
  belongsTo(id: string): boolean {
    const { accountId, keyId, channelId }: Partial<Principal> = this.session?.principal ?? {};
    return accountId === id || keyId === id || channelId === id;
  }

  send(text: string): void {
    this.socket.send(text);
  }

  /** Counts a frame that cannot be read; false when it was one too many. */
  takeMalformed(): boolean {
    return this.intake.takeMalformed();
  }

  beat(): void {
    if (!this.isAlive) return this.socket.terminate();
    this.isAlive = false;
    this.socket.sendPing();
  }

  close(code: number, reason: string): void {
    this.intake.end();
    this.socket.close(code, reason);
  }

  /** Ends the connection of a client that floods, without reading another byte. */
  cut(reason: string): void {
    this.intake.end();
    this.socket.closeWithoutReading(realtimeCloseCodes.tooMany, reason);
  }

  private claim(): number {
    const waitMs = Math.max(this.frames.waitMs(), this.shared?.waitMs() ?? 0);
    if (waitMs > 0) return waitMs;
    this.frames.tryTake();
    this.shared?.tryTake();
    return 0;
  }

  private end(): void {
    this.intake.end();
    clearInterval(this.watcher);
    this.session?.close();
    for (const call of this.onEnds.splice(0)) call();
  }
}
