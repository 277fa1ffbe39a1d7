import {
  type CallCause,
  endCall,
  newId,
  type OperationInput,
  servicePrincipal,
  startCall,
} from '@parley/contracts';
import type { CallAudio, CallRoom, CallState } from './call-audio.ts';
import { isQuiet, type Samples, samplesIn } from './pcm.ts';
import { PcmQueue } from './pcm-queue.ts';
import { service, type SessionParts } from './session-parts.ts';

const START_MS = 8000;
const PIECE_MS = 100;

/** What a call is started with, but its id. */
export type CallStart = Omit<OperationInput<typeof startCall>, 'callId'>;

/** How much of the caller's sound is kept. */
export interface Keeping {
  /** While the room is not there yet; the newest is kept. */
  earlyMs: number;
  /** Once the room takes it. */
  mostMs: number;
  /** Over which a sender that is faster than time has to wait; null where it cannot wait. */
  aheadMs: number | null;
}

/** A caller's end of a call, from its start to its end, whatever carries the sound there. */
export abstract class BridgedCall implements CallAudio {
  abstract readonly inputRate: number;
  abstract readonly outputRate: number;
  abstract readonly isLive: boolean;
  readonly id: string;
  protected readonly parts: SessionParts;
  protected phase: 'new' | 'starting' | 'on' | 'over' = 'new';
  protected room: CallRoom | null = null;
  private readonly keeping: Keeping;
  private readonly sound = new PcmQueue(0);
  private spaceId = '';
  private isPaused = false;
  /** Whether the room takes the caller's sound. */
  private isHeard = false;
  private wake: (() => void) | null = null;

  constructor(parts: SessionParts, keeping: Keeping, id = newId('call')) {
    this.parts = parts;
    this.keeping = keeping;
    this.id = id;
  }

  /** Whether turns belong to this call. */
  get isOn(): boolean {
    return this.phase === 'on';
  }

  async hear(): Promise<Samples | null> {
    if (!this.isHeard) this.sound.bound(samplesIn(this.keeping.mostMs, this.inputRate));
    // Silence from before anybody listened would only make all that follows late.
    if (!this.isHeard) this.sound.skip(isQuiet);
    this.isHeard = true;
    while (this.sound.length === 0 && this.phase !== 'over')
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    if (this.phase === 'over') return null;
    const samples = this.sound.take(samplesIn(PIECE_MS, this.inputRate));
    const { aheadMs } = this.keeping;
    if (aheadMs !== null && this.sound.length < samplesIn(aheadMs / 2, this.inputRate)) this.resume();
    return samples;
  }

  abstract play(samples: Samples): void;
  abstract clear(): void;
  abstract dtmf(digit: string): void;
  abstract state(state: CallState): void;

  end(reason: string): void {
    if (this.phase === 'over') return;
    this.finish();
    this.tellEnd(reason);
  }

  async press(digit: string): Promise<boolean> {
    if (!this.room) return false;
    await this.room.dtmf(digit);
    return true;
  }

  /** The caller is gone. */
  async hangUp(cause: CallCause): Promise<void> {
    const began = this.phase === 'on' || this.phase === 'starting';
    const room = this.room;
    this.finish();
    if (!began) return;
    const told = this.report(cause);
    // Who sees the caller leave the room takes it for meant, and may say so first: what was not is told before.
    if (cause !== 'caller_left') await Promise.allSettled([told]);
    await Promise.allSettled([told, room?.leave()]);
  }

  /** Sound of the caller. */
  protected hold(samples: Samples): void {
    const { earlyMs, aheadMs } = this.keeping;
    if (!this.isHeard) this.sound.bound(samplesIn(earlyMs, this.inputRate));
    this.sound.push(samples);
    if (this.isHeard && aheadMs !== null && this.sound.length > samplesIn(aheadMs, this.inputRate))
      this.pause();
    this.wake?.();
  }

  /** Starts the call and joins its room. */
  protected async start(call: CallStart): Promise<void> {
    this.phase = 'starting';
    this.spaceId = call.spaceId;
    const { rooms, logger } = this.parts;
    try {
      if (!rooms.isOn) return this.off('This installation has no speech: no LiveKit server is set.');
      const room = await rooms.join(await this.open(call), this);
      // The caller may have gone while the room was joined.
      if (this.hasEnded()) return await room.leave();
      this.room = room;
      this.phase = 'on';
    } catch (error) {
      logger.warn({ err: error, callId: this.id }, 'Starting a call failed');
      if (!this.hasEnded()) this.off('Speech is not available at the moment.', error);
    }
    return undefined;
  }

  /** The room's side has ended. */
  protected abstract tellEnd(reason: string): void;
  /** There is no call. */
  protected abstract tellOff(message: string, error: unknown): void;
  /** Nothing is played any more. */
  protected abstract silence(): void;
  /** The caller's side shall send no more, or may again. */
  protected abstract holdUp(isHeldUp: boolean): void;

  private hasEnded(): boolean {
    return this.phase === 'over';
  }

  private async open(call: CallStart): Promise<string> {
    const options = { principal: servicePrincipal(service, this.spaceId), deadlineMs: START_MS };
    const { body } = await this.parts.operations.request(startCall, { ...call, callId: this.id }, options);
    return body.participantToken;
  }

  private async report(cause: CallCause): Promise<void> {
    const { spaceId, id: callId } = this;
    const principal = servicePrincipal(service, spaceId);
    await this.parts.operations.request(endCall, { spaceId, callId, cause }, { principal });
  }

  protected off(message: string, error: unknown = null): void {
    this.finish();
    this.tellOff(message, error);
  }

  private finish(): void {
    this.phase = 'over';
    this.room = null;
    this.sound.clear();
    this.silence();
    this.resume();
    this.wake?.();
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.holdUp(true);
  }

  private resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.holdUp(false);
  }
}
