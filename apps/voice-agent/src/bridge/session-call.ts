import { type FlowServerFrame, flowAudioRates } from '@parley/contracts';
import { AudioOut } from './audio-out.ts';
import { BridgedCall } from './bridged-call.ts';
import type { CallState } from './call-audio.ts';
import type { Samples } from './pcm.ts';
import type { SessionOpening } from './session-opening.ts';
import type { SessionParts } from './session-parts.ts';
import type { SocketLine } from './socket-line.ts';

/** A page may send faster than time passes: two seconds ahead, and what a few frames of the largest size leave. */
const keeping = { earlyMs: 2000, mostMs: 70_000, aheadMs: 2000 };

/** The sound of one session: a call that begins with the client's first sound. */
export class SessionCall extends BridgedCall {
  readonly inputRate = flowAudioRates.fromClient;
  readonly outputRate = flowAudioRates.toClient;
  /** A page may send a file as fast as it likes. */
  readonly isLive = false;
  private readonly place: SessionOpening;
  private readonly line: SocketLine;
  private readonly out: AudioOut;
  private isBeginning = false;

  constructor(parts: SessionParts, place: SessionOpening, line: SocketLine) {
    super(parts, keeping);
    this.place = place;
    this.line = line;
    this.out = new AudioOut(line, this.outputRate);
  }

  /**
   * Sound of the client; the first starts the call.
   * @param open begins the conversation, and answers the sequence behind which messages are spoken
   */
  take(samples: Samples, open: () => Promise<number>): void {
    if (this.phase === 'over') return;
    this.hold(samples);
    if (this.phase !== 'new' || this.isBeginning) return;
    this.isBeginning = true;
    void this.begin(open);
  }

  private async begin(open: () => Promise<number>): Promise<void> {
    try {
      const afterSequence = await open();
      if (this.phase !== 'new') return;
      const { channel, sender, contactId, conversationId } = this.place;
      const parties = { direction: 'inbound' as const, sender, contactId, conversationId };
      await this.start({ ...channel, ...parties, afterSequence });
    } catch (error) {
      this.parts.logger.warn({ err: error, callId: this.id }, 'Opening a conversation for a call failed');
      if (this.phase === 'new') this.off('Speech is not available at the moment.', error);
    }
  }

  play(samples: Samples): void {
    if (this.phase === 'on' || this.phase === 'starting') this.out.push(samples);
  }

  clear(): void {
    this.out.clear();
  }

  dtmf(digit: string): void {
    this.parts.logger.debug({ callId: this.id, digit }, 'DTMF digit of a page session ignored');
  }

  state(state: CallState): void {
    this.line.tell({ type: 'state', state });
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

  protected tellEnd(reason: string): void {
    this.line.tell({ type: 'end', reason });
  }

  protected tellOff(message: string): void {
    const frame: FlowServerFrame = { type: 'error', code: 'voice_off', message: `${message} Text goes on.` };
    this.line.tell(frame);
  }

  protected silence(): void {
    this.out.close();
  }

  protected holdUp(isHeldUp: boolean): void {
    if (isHeldUp) this.line.hold('sound');
    else this.line.letGo('sound');
  }
}
