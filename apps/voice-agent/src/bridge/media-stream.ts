import { setTimeout as sleep } from 'node:timers/promises';
import {
  admitMediaStream,
  type CallCause,
  callerAttributes,
  missCall,
  newId,
  type OperationInput,
  type OperationOutput,
  ProblemError,
  servicePrincipal,
} from '@parley/contracts';
import { TokenBucket } from '@parley/service';
import { MediaCall, sayTo } from './media-call.ts';
import { type MediaFrame, type MediaStart, readMediaFrame } from './media-frames.ts';
import { MediaLine } from './media-line.ts';
import type { Notice, Notices } from './notices.ts';
import { service, type SessionParts } from './session-parts.ts';
import type { SocketLine } from './socket-line.ts';

type Admission = OperationOutput<typeof admitMediaStream>;
type Admitted = NonNullable<Admission['stream']>;
type UnstartedCall = Omit<OperationInput<typeof missCall>, 'cause'>;

const START_MS = 5000;
const ADMIT_MS = 4000;
/** Telephony may be starting anew. */
const REPORT_MS = 15_000;
/** Longest time that the last words may take to be played. */
const LAST_WORDS_MS = 10_000;
/** Frames in a call that were none, over which its sender is not taken for a carrier. */
const MOST_WRONG = 100;
const MOST_EARLY = 100;

/** The closes of a stream that was not let in. */
const closes = {
  bad_token: { code: 4401, reason: 'The token is unknown, used or too old.' },
  unknown_channel: { code: 4404, reason: 'There is no such channel.' },
  inactive: { code: 4403, reason: 'The channel is not active.' },
} as const;

/** What streams share. */
export interface MediaParts extends SessionParts {
  notices: Notices;
  /** Takes one of the places for calls; null when all are taken. */
  takePlace(): (() => void) | null;
}

/** One stream of a carrier: from its first frame to the end of its call. */
export class MediaStream {
  private readonly parts: MediaParts;
  private readonly socket: SocketLine;
  private readonly channelId: string;
  private readonly timer: NodeJS.Timeout;
  private readonly frames = new TokenBucket({ perSecond: 200, burst: 1000 });
  private phase: 'new' | 'starting' | 'on' | 'over' = 'new';
  private streamSid = '';
  private line: MediaLine | null = null;
  private call: MediaCall | null = null;
  private leavePlace: (() => void) | null = null;
  /** Ends when telephony knows of a caller who was turned away. */
  private missed: Promise<void> | null = null;
  /** What was said before the stream was let in. */
  private readonly early: Buffer[] = [];
  private wrong = 0;

  constructor(parts: MediaParts, socket: SocketLine, channelId: string) {
    this.parts = parts;
    this.socket = socket;
    this.channelId = channelId;
    this.timer = setTimeout(() => this.refuse(4408, 'No start came within five seconds.'), START_MS);
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.phase === 'over' || !this.socket.isOpen) return;
    this.socket.heard();
    if (!this.frames.tryTake()) return this.cut();
    const frame = readMediaFrame(data, isBinary);
    if (!frame) return this.notAFrame();
    if (this.phase === 'new') return this.first(frame);
    if (frame.event === 'start' || frame.event === 'connected') return this.notAFrame();
    if (frame.streamSid !== this.streamSid) return this.notAFrame();
    return this.next(frame);
  }

  /** The socket is gone, or the process goes. */
  async end(cause: CallCause): Promise<void> {
    this.phase = 'over';
    clearTimeout(this.timer);
    this.line?.close();
    await this.call?.hangUp(cause);
    this.leavePlace?.();
    await this.missed;
  }

  private first(frame: MediaFrame): void {
    if (frame.event === 'connected' && this.wrong === 0) {
      this.wrong += 1;
      return;
    }
    if (frame.event !== 'start') return this.refuse(4400, 'A start has to come first.');
    clearTimeout(this.timer);
    this.phase = 'starting';
    this.streamSid = frame.streamSid;
    this.line = new MediaLine(this.socket, frame.streamSid);
    this.begin(frame, this.line).catch((error: unknown) => this.failed(error));
  }

  private next(frame: Exclude<MediaFrame, MediaStart | { event: 'connected' }>): void {
    switch (frame.event) {
      case 'media':
        return this.sound(frame.media);
      case 'dtmf':
        return void this.call?.press(frame.dtmf.digit).catch((error: unknown) => this.note(error));
      case 'mark':
        return this.line?.marked(frame.mark.name);
      case 'stop':
        return void this.stop();
    }
  }

  private sound({ track, payload }: { track?: string | undefined; payload: string }): void {
    if (track === 'outbound') return;
    const mulaw = Buffer.from(payload, 'base64');
    if (this.call) this.call.take(mulaw);
    else if (this.early.length < MOST_EARLY) this.early.push(mulaw);
  }

  /** The caller has hung up. */
  private async stop(): Promise<void> {
    await this.end('caller_left');
    this.socket.close(1000, 'The call has ended.');
  }

  private async begin(frame: MediaStart, line: MediaLine): Promise<void> {
    const { callSid, customParameters } = frame.start;
    const admitted = await this.admit(callSid, customParameters['token'] ?? '');
    if (!admitted || this.isOver()) return;
    this.leavePlace = this.parts.takePlace();
    const { from, to, callId, direction, ...channel } = admitted;
    const [caller, own] = direction === 'inbound' ? [from, to] : [to, from];
    const start = {
      ...channel,
      direction,
      sender: { id: caller, name: null },
      ...{ contactId: null, conversationId: null, afterSequence: null },
      providerCallId: callSid,
    };
    if (!this.leavePlace) {
      this.missed = this.reportMissed({ ...start, callId: callId ?? newId('call') }, 'busy');
      return this.sayAndClose('busy', channel.language);
    }
    const told = {
      ended: () => void this.ended(channel.language),
      failed: (error: unknown) => void this.notStarted(error, { ...start, callId: call.id }),
    };
    const call = new MediaCall(this.parts, line, { told, callId });
    this.call = call;
    this.phase = 'on';
    for (const mulaw of this.early.splice(0)) call.take(mulaw);
    const { phoneNumber, trunkPhoneNumber, providerCallId } = callerAttributes;
    await call.begin({
      ...start,
      attributes: { [phoneNumber]: caller, [trunkPhoneNumber]: own, [providerCallId]: callSid },
    });
  }

  /** A caller who was turned away is found among the missed calls. */
  private async reportMissed(call: UnstartedCall, cause: 'busy' | 'failed'): Promise<void> {
    // `busy` says that the called end is: a placed call that finds no slot here has failed.
    const input = { ...call, cause: call.direction === 'inbound' ? cause : ('failed' as const) };
    const principal = servicePrincipal(service, call.spaceId);
    try {
      await this.parts.operations.request(missCall, input, { principal, deadlineMs: REPORT_MS });
    } catch (error) {
      this.note(error);
    }
  }

  private async admit(callSid: string, token: string): Promise<Admitted | null> {
    const { channelId } = this;
    if (token === '' || token.length > 1000) return this.refused('bad_token');
    const options = { principal: servicePrincipal(service), deadlineMs: ADMIT_MS };
    const { body } = await this.parts.operations.request(
      admitMediaStream,
      { channelId, callSid, token },
      options,
    );
    return body.stream ?? this.refused(body.refusal ?? 'bad_token');
  }

  private refused(refusal: keyof typeof closes): null {
    const { code, reason } = closes[refusal];
    this.refuse(code, reason);
    return null;
  }

  /** The call has ended from the other side; whom nobody has answered hears why. */
  private async ended(language: string | null): Promise<void> {
    if (this.call?.isUnanswered) await this.sayAndClose('busy', language);
    else await this.hangUpAfterLastWords();
  }

  /** There is no call. A stream whose call another one carries is cut off without a word. */
  private async notStarted(error: unknown, call: UnstartedCall): Promise<void> {
    const code = error instanceof ProblemError ? error.code : null;
    if (code === 'call_taken' || code === 'call_ended') return this.refused('bad_token') ?? undefined;
    this.missed = this.reportMissed(call, 'failed');
    await this.sayAndClose('failed', call.language);
  }

  private async sayAndClose(notice: Notice, language: string | null): Promise<void> {
    const { line } = this;
    this.parts.logger.warn({ channelId: this.channelId, notice }, 'Caller rejected');
    try {
      const samples = await this.parts.notices.sound(notice, language);
      if (this.isOver() || !line) return;
      sayTo(line, samples);
    } catch (error) {
      this.note(error);
    }
    await this.hangUpAfterLastWords();
  }

  /** What stands behind the stream in the carrier's instructions is nothing: it hangs up. */
  private async hangUpAfterLastWords(): Promise<void> {
    // The last words may still wait in the sender.
    await sleep(50);
    await this.line?.played(LAST_WORDS_MS);
    this.socket.close(1000, 'The call has ended.');
  }

  private notAFrame(): void {
    this.wrong += 1;
    if (this.phase === 'new' || this.wrong > MOST_WRONG)
      this.refuse(4400, "The frame is none of a carrier's media stream.");
  }

  private refuse(code: number, reason: string): void {
    clearTimeout(this.timer);
    if (this.call === null) this.phase = 'over';
    this.socket.close(code, reason);
  }

  private cut(): void {
    clearTimeout(this.timer);
    if (this.call === null) this.phase = 'over';
    this.socket.cut(4429, 'Too many frames.');
  }

  private failed(error: unknown): void {
    this.note(error);
    const isWrong = error instanceof ProblemError && error.status < 500 && error.status !== 429;
    if (isWrong) this.refused('unknown_channel');
    else void this.sayAndClose('failed', null);
  }

  private isOver(): boolean {
    return this.phase === 'over';
  }

  private note(error: unknown): void {
    this.parts.logger.warn({ err: error, channelId: this.channelId }, 'Media stream error');
  }
}
