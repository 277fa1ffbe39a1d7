import { setTimeout as sleep } from 'node:timers/promises';
import { RoomEvent } from '@livekit/rtc-node';
import {
  answerCall,
  type CallCause,
  endCall,
  getCallProfile,
  type OperationOutput,
  ProblemError,
  receiveDtmf,
  servicePrincipal,
} from '@parley/contracts';
import type { CallParts, CallProfile, CallSpeech } from './call-parts.ts';
import { createSession, startSession } from './call-session.ts';
import { awaitCaller, watchBridge, watchCaller, watchWishes } from './caller.ts';
import { obey, tonesOf } from './commands.ts';
import { Conversing } from './conversing.ts';
import { Heartbeat } from './heartbeat.ts';
import { CallRecording } from './recording/call-recording.ts';
import type { RecordedSound } from './recording/recorder.ts';
import { targetOf } from './target.ts';

type Answered = OperationOutput<typeof answerCall>;

const GOODBYE_MS = 8000;
const SETTLE_MS = 5000;
const END_MS = 4000;

/** One call, from the room to its end. */
export class Call {
  private readonly parts: CallParts;
  private readonly heartbeat: Heartbeat;
  private readonly ended = new AbortController();
  private readonly undo: (() => void)[] = [];
  private conversing: Conversing | null = null;
  private recording: CallRecording | null = null;
  private ending: Promise<void> | null = null;

  constructor(parts: CallParts) {
    this.parts = parts;
    const { job, calls } = parts;
    this.heartbeat = new Heartbeat(
      (news) => calls.publish(job.spaceId, job.callId, news),
      () => ({
        type: 'job_alive',
        callId: job.callId,
        generation: job.generation,
        state: this.conversing?.state ?? 'starting',
      }),
    );
  }

  /** Lives through the call; resolves when it is over. */
  async run(): Promise<void> {
    const { context } = this.parts;
    this.heartbeat.start();
    context.room.on(RoomEvent.Disconnected, () => this.leave());
    // The process lives until the last of a recording is sent.
    context.addShutdownCallback(async () => this.recording?.finish());
    this.listenToCommands();
    try {
      await this.begin();
      await new Promise<void>((resolve) => {
        if (this.ended.signal.aborted) resolve();
        else this.ended.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } catch (error) {
      await this.giveUp(error);
    } finally {
      await this.cleanUp();
      context.shutdown('the call is over');
    }
  }

  /** What a call that cannot be begun comes to. */
  private async giveUp(error: unknown): Promise<void> {
    const { logger } = this.parts;
    const code = error instanceof ProblemError ? error.code : null;
    // It has ended before it was answered, or another job has answered it.
    if (code === 'call_ended' || code === 'superseded') {
      logger.info({ code }, 'Call no longer needs a job');
      return this.leave();
    }
    logger.error({ err: error }, 'Call failed');
    await this.end(code === 'channel_inactive' ? 'channel_inactive' : 'failed');
  }

  private async begin(): Promise<void> {
    const { context, job, logger, vad } = this.parts;
    const began = performance.now();
    const [answered, { profile, speech }] = await Promise.all([
      this.answer(),
      this.prepare(),
      context.connect(),
    ]);
    const caller = await awaitCaller(context.room);
    if (!caller) return this.end('caller_left');
    if (this.ended.signal.aborted) return;
    const session = createSession(speech.stt, vad);
    const conversing = new Conversing(
      this.parts,
      { answered, profile, speech, session },
      {
        end: (cause, goodbye) => void this.end(cause, goodbye),
        stateChanged: () => this.heartbeat.beat(),
      },
    );
    this.undo.push(watchCaller(context.room, caller.identity, (cause) => void this.end(cause)));
    this.undo.push(watchBridge(context.room, caller.identity, (cause) => void this.end(cause)));
    this.undo.push(watchWishes(context.room, caller.identity, () => conversing.cut()));
    this.undo.push(() => void speech.close());
    await startSession(session, context.room, caller.identity, conversing.callerListener());
    this.conversing = conversing;
    const { identity: callerIdentity } = caller;
    this.record(conversing, { room: context.room, callerIdentity, output: session.output.audio });
    conversing.start(this.ended.signal);
    const limit = setTimeout(
      () => void this.end('time_limit', conversing.prompts.timeIsUp),
      answered.timeLimitMs,
    );
    this.undo.push(() => clearTimeout(limit));
    const milliseconds = Math.round(performance.now() - began);
    logger.info({ milliseconds, generation: job.generation, created: answered.created }, 'Call answered');
  }

  /** Where the caller is to be told or asked, that comes before anything else that is said. */
  private record(conversing: Conversing, sound: RecordedSound): void {
    const { recording } = this;
    if (!recording) return;
    const talk = {
      prompts: conversing.prompts,
      announce: (text: string) => conversing.announce(text),
      asks: (question: string) => conversing.asks(question),
    };
    const decided = recording.begin(talk, sound);
    if (recording.needsConsent) conversing.hold(decided);
  }

  private async answer(): Promise<Answered> {
    const { job, operations } = this.parts;
    const { body } = await operations.request(
      answerCall,
      { spaceId: job.spaceId, job },
      {
        principal: servicePrincipal('voice-agent', job.spaceId),
        idempotencyKey: `${job.callId}-${job.generation}`,
        deadlineMs: 8000,
      },
    );
    this.recording = new CallRecording(this.parts, body);
    return body;
  }

  private async prepare(): Promise<{ profile: CallProfile; speech: CallSpeech }> {
    const { job, operations, config, logger, vad } = this.parts;
    const { body: profile } = await operations.request(
      getCallProfile,
      { spaceId: job.spaceId, target: targetOf(job.target), conversationId: job.conversationId },
      { principal: servicePrincipal('voice-agent', job.spaceId), deadlineMs: 8000 },
    );
    const speech = await this.parts.speech.open({
      profile,
      config,
      logger,
      vad,
      heard: (heard) => this.conversing?.heard(heard),
    });
    speech.tts.on('error', ({ error }) => logger.warn({ err: error }, 'Text-to-speech failed'));
    return { profile, speech };
  }

  private listenToCommands(): void {
    const { job, calls, context, logger } = this.parts;
    const targets = {
      callId: job.callId,
      generation: job.generation,
      hangUp: () => void this.end('hung_up_by_api'),
      sendDtmf: (digits: string) => void this.sendDtmf(digits),
      replaced: () => {
        logger.warn('Another job took over the call');
        this.leave();
      },
    };
    this.undo.push(calls.subscribe(job.spaceId, job.callId, (news) => obey(news, targets)));
    context.room.on(RoomEvent.DtmfReceived, (_code, digit) => void this.keyPressed(digit));
  }

  private async keyPressed(digit: string): Promise<void> {
    const { job, operations, logger } = this.parts;
    this.conversing?.keyPressed(digit);
    try {
      await operations.request(
        receiveDtmf,
        { spaceId: job.spaceId, callId: job.callId, digit },
        { principal: servicePrincipal('voice-agent', job.spaceId) },
      );
    } catch (error) {
      logger.warn({ err: error }, 'Reporting a DTMF digit failed');
    }
  }

  private async sendDtmf(digits: string): Promise<void> {
    const { context, logger } = this.parts;
    try {
      for (const { tone, afterMs } of tonesOf(digits)) {
        await sleep(afterMs, undefined, { signal: this.ended.signal });
        await context.room.localParticipant?.publishDtmf(tone.code, tone.digit);
      }
    } catch (error) {
      if (!this.ended.signal.aborted) logger.warn({ err: error }, 'Sending DTMF digits failed');
    }
  }

  /** Ends the call for everybody, with a last word where there is one. */
  private end(cause: CallCause, goodbye?: string): Promise<void> {
    this.ending ??= this.endOnce(cause, goodbye);
    return this.ending;
  }

  private async endOnce(cause: CallCause, goodbye?: string): Promise<void> {
    const { job, operations, logger } = this.parts;
    const { conversing } = this;
    if (goodbye && conversing)
      await Promise.race([conversing.sayLast(goodbye), sleep(GOODBYE_MS, undefined, { ref: false })]);
    await conversing?.stop(true);
    void this.recording?.finish();
    await conversing?.facts.settle(SETTLE_MS);
    try {
      await operations.request(
        endCall,
        { spaceId: job.spaceId, callId: job.callId, cause, generation: job.generation },
        { principal: servicePrincipal('voice-agent', job.spaceId), deadlineMs: END_MS },
      );
      logger.info({ cause }, 'Call ended');
    } catch (error) {
      // Telephony's watch over rooms and jobs ends the call all the same.
      logger.warn({ err: error, cause }, 'Reporting the end of a call failed');
    }
    this.leave();
  }

  /** Goes away without ending the call: the room is gone, or another job has it. */
  private leave(): void {
    this.ended.abort();
  }

  private async cleanUp(): Promise<void> {
    this.heartbeat.stop();
    this.ended.abort();
    for (const undo of this.undo.splice(0)) undo();
    await this.conversing?.stop(false);
    await this.recording?.finish();
    await this.conversing?.facts.settle(SETTLE_MS);
  }
}
