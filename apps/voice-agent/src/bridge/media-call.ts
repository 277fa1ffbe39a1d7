import { AudioOut } from './audio-out.ts';
import { BridgedCall, type CallStart } from './bridged-call.ts';
import { keySound } from './key-sound.ts';
import type { MediaLine } from './media-line.ts';
import { fromMulaw } from './mulaw.ts';
import { isSilent, type Samples, samplesIn, toBytes } from './pcm.ts';
import type { SessionParts } from './session-parts.ts';

const RATE = 8000;
const FRAME_MS = 20;
/** A telephone cannot wait: what is too old is forgotten. */
const keeping = { earlyMs: 2000, mostMs: 1000, aheadMs: null };
/** Longest time that sound takes from the agent to here: what comes so soon after a cut was said before it. */
const ON_ITS_WAY_MS = 300;

/** An agent that comes at all has come by then. */
const UNANSWERED_MS = 5000;

/** What becomes of the stream when the call is no more. */
export interface MediaCallEnd {
  ended(reason: string): void;
  failed(error: unknown): void;
}

/** A carrier's side of a call: mu-law of 8 kHz. */
export class MediaCall extends BridgedCall {
  readonly inputRate = RATE;
  readonly outputRate = RATE;
  readonly isLive = true;
  private readonly line: MediaLine;
  private readonly out: AudioOut;
  private readonly told: MediaCallEnd;
  private readonly beganAt = Date.now();
  private hasSounded = false;
  private hushedUntil = 0;

  constructor(parts: SessionParts, line: MediaLine, of: { told: MediaCallEnd; callId: string | null }) {
    super(parts, keeping, of.callId ?? undefined);
    this.line = line;
    this.told = of.told;
    this.out = new AudioOut(line, RATE, FRAME_MS);
  }

  /** Whether nobody has answered for so long that the caller is owed a word. */
  get isUnanswered(): boolean {
    return !this.hasSounded && Date.now() - this.beganAt > UNANSWERED_MS;
  }

  begin(call: CallStart): Promise<void> {
    return this.start(call);
  }

  take(mulaw: Buffer): void {
    if (this.phase !== 'over') this.hold(fromMulaw(mulaw));
  }

  play(samples: Samples): void {
    if (this.phase !== 'on' && this.phase !== 'starting') return;
    this.hasSounded ||= !isSilent(samples);
    if (this.hushedUntil > 0 && (Date.now() > this.hushedUntil || isSilent(samples))) this.hushedUntil = 0;
    if (this.hushedUntil === 0) this.out.push(samples);
  }

  clear(): void {
    this.hushedUntil = Date.now() + ON_ITS_WAY_MS;
    this.out.clear();
    this.line.clear();
  }

  dtmf(digit: string): void {
    this.out.push(keySound(digit, RATE));
  }

  /** A telephone shows nothing. */
  state(): void {}

  protected tellEnd(reason: string): void {
    this.told.ended(reason);
  }

  protected tellOff(_message: string, error: unknown): void {
    this.told.failed(error);
  }

  protected silence(): void {
    this.out.close();
  }

  protected holdUp(): void {}
}

/** A sentence said to a carrier without any call: whole, in frames. */
export function sayTo(line: MediaLine, samples: Samples): void {
  const size = samplesIn(FRAME_MS, RATE);
  for (let at = 0; at < samples.length; at += size) line.send(toBytes(samples.subarray(at, at + size)));
}
