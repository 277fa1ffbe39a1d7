import { endCall, flowSound, newId, servicePrincipal, startCall } from '@parley/contracts';
import type { CallCause, FlowServerFrame } from '@parley/contracts';
import { AudioOut } from './audio-out.ts';
import type { CallAudio, CallRoom, CallState } from './call-audio.ts';
import { type Samples, samplesIn } from './pcm.ts';
import { PcmQueue } from './pcm-queue.ts';
import { service, type SessionParts, type SessionPlace } from './session-parts.ts';
import type { SocketLine } from './socket-line.ts';

const START_MS = 8000;
/** Sound that is kept while the room is not there yet. */
const EARLY_MS = 2000;
/** Sound over which a client that sends faster than time passes has to wait. */
const AHEAD_MS = 2000;
/** Bound of what a few frames of the largest size may leave here. */
const MOST_MS = 70_000;
const PIECE_MS = 100;

/** The sound of one session: a call that begins with the client's first sound. */
export class SessionCall implements CallAudio {
  readonly inputRate = flowSound.fromClient;
  readonly outputRate = flowSound.toClient;
  readonly id = newId('call');
  private readonly parts: SessionParts;
  private readonly place: SessionPlace;
  private readonly line: SocketLine;
  private readonly out: AudioOut;
  private readonly sound = new PcmQueue(samplesIn(EARLY_MS, flowSound.fromClient));
  private phase: 'new' | 'starting' | 'on' | 'over' = 'new';
  private room: CallRoom | null = null;
  private isPaused = false;
  /** Whether the room takes the client's sound. */
  private isHeard = false;
  private wake: (() => void) | null = null;

  constructor(parts: SessionParts, place: SessionPlace, line: SocketLine) {
    this.parts = parts;
    this.place = place;
    this.line = line;
    this.out = new AudioOut(line, this.outputRate);
  }

  /** Whether turns belong to this call. */
  get isOn(): boolean {
    return this.phase === 'on';
  }

  /** Sound of the client; the first starts the call. */
  take(samples: Samples, afterSequence: () => number): void {
    if (this.phase === 'over') return;
    this.sound.push(samples);
    if (this.phase === 'new') void this.start(afterSequence());
    if (this.isHeard && this.sound.length > samplesIn(AHEAD_MS, this.inputRate)) this.pause();
    this.wake?.();
  }

  async hear(): Promise<Samples | null> {
    if (!this.isHeard) this.sound.bound(samplesIn(MOST_MS, this.inputRate));
    this.isHeard = true;
    while (this.sound.length === 0 && this.phase !== 'over')
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    if (this.phase === 'over') return null;
    const samples = this.sound.take(samplesIn(PIECE_MS, this.inputRate));
    if (this.isPaused && this.sound.length < samplesIn(AHEAD_MS / 2, this.inputRate)) this.resume();
    return samples;
  }

  play(samples: Samples): void {
    if (this.phase === 'on' || this.phase === 'starting') this.out.push(samples);
  }

  clear(): void {
    this.out.clear();
  }

  dtmf(digit: string): void {
    this.parts.logger.debug({ callId: this.id, digit }, 'A key was pressed that a page has no use for');
  }

  state(state: CallState): void {
    this.line.tell({ type: 'state', state });
  }

  end(reason: string): void {
    if (this.phase === 'over') return;
    this.finish();
    this.line.tell({ type: 'end', reason });
  }

  /** The client cuts in by a button. */
  async interrupt(): Promise<void> {
    this.out.clear();
    this.line.tell({ type: 'interrupted' });
    await this.room?.interrupt();
  }

  /** The agent was cut: what it still had to say is not heard any more. */
  cut(): void {
    if (this.phase !== 'on') return;
    this.out.clear();
    this.line.tell({ type: 'interrupted' });
  }

  async press(digit: string): Promise<boolean> {
    if (!this.room) return false;
    await this.room.dtmf(digit);
    return true;
  }

  /** The client is gone. */
  async hangUp(cause: CallCause): Promise<void> {
    const began = this.phase === 'on' || this.phase === 'starting';
    const room = this.room;
    this.finish();
    if (!began) return;
    const { spaceId } = this.place.channel;
    const principal = servicePrincipal(service, spaceId);
    await Promise.allSettled([
      room?.leave(),
      this.parts.operations.request(endCall, { spaceId, callId: this.id, cause }, { principal }),
    ]);
  }

  private async start(afterSequence: number): Promise<void> {
    this.phase = 'starting';
    const { rooms, logger } = this.parts;
    try {
      if (!rooms.isOn) return this.off('This installation has no speech: no LiveKit server is set.');
      const token = await this.open(afterSequence);
      const room = await rooms.join(token, this);
      // The client may have gone while the room was joined.
      if (this.hasEnded()) return await room.leave();
      this.room = room;
      this.phase = 'on';
    } catch (error) {
      logger.warn({ err: error, callId: this.id }, 'A call could not be started');
      if (!this.hasEnded()) this.off('Speech is not available at the moment.');
    }
    return undefined;
  }

  private hasEnded(): boolean {
    return this.phase === 'over';
  }

  private async open(afterSequence: number): Promise<string> {
    const { channel, sender, contactId, conversationId } = this.place;
    const { spaceId } = channel;
    const call = {
      ...channel,
      callId: this.id,
      direction: 'inbound' as const,
      sender,
      contactId,
      conversationId,
      afterSequence,
    };
    const options = { principal: servicePrincipal(service, spaceId), deadlineMs: START_MS };
    const { body } = await this.parts.operations.request(startCall, call, options);
    return body.participantToken;
  }

  private off(message: string): void {
    this.finish();
    const frame: FlowServerFrame = { type: 'error', code: 'voice_off', message: `${message} Text goes on.` };
    this.line.tell(frame);
  }

  private finish(): void {
    this.phase = 'over';
    this.room = null;
    this.sound.clear();
    this.out.close();
    this.resume();
    this.wake?.();
  }

  private pause(): void {
    this.isPaused = true;
    this.line.pause();
  }

  private resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.line.resume();
  }
}
