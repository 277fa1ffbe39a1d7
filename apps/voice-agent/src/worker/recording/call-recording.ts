import {
  type answerCall,
  beginRecording,
  failRecording,
  finishRecording,
  type OperationOutput,
  ProblemError,
  type RecordingMode,
  servicePrincipal,
} from '@parley/contracts';
import type { CallParts } from '../call-parts.ts';
import type { Prompts } from '../prompts.ts';
import { type RecordedSound, Recorder } from './recorder.ts';
import { type Ask, RecordingFile } from './recording-file.ts';

/** How a caller is spoken to about the recording. */
export interface ConsentTalk {
  prompts: Prompts;
  /** Says a sentence that cannot be cut off; whether it was heard to its end. */
  announce: (text: string) => Promise<boolean>;
  /** Asks, and tells whether the answer is a yes. */
  asks: (question: string) => Promise<boolean>;
}

/** The greeting waits for it. */
const BEGIN_MS = 2000;
const TELL_MS = 5000;
const FINISH_MS = 10_000;

/** The recording of one call by one job: with the consent that is wished, and never in the way of the call. */
export class CallRecording {
  private readonly parts: CallParts;
  private readonly conversationId: string;
  private readonly wish: RecordingMode;
  private readonly ask: Ask;
  private opening: Promise<RecordingFile> | null = null;
  private recorder: Recorder | null = null;
  private assetId = '';
  private ended = false;
  private warned = false;
  private finishing: Promise<void> | null = null;

  constructor(parts: CallParts, answered: OperationOutput<typeof answerCall>) {
    this.parts = parts;
    this.conversationId = answered.conversationId;
    this.wish = answered.recording ?? 'off';
    const principal = servicePrincipal('voice-agent', parts.job.spaceId);
    this.ask = async (definition, input, deadlineMs) =>
      (await parts.operations.request(definition, input, { principal, deadlineMs })).body;
    // Nothing is announced that cannot be done; while the call is set up there is time to find out.
    if (this.wish === 'announce' || this.wish === 'resume') this.open().catch(() => undefined);
  }

  /** Whether the caller is spoken to about it before anything else. */
  get needsConsent(): boolean {
    return this.wish === 'announce' || this.wish === 'ask';
  }

  /** Records from when the caller knows, or has agreed; resolves when that is decided. */
  async begin(talk: ConsentTalk, sound: RecordedSound): Promise<void> {
    if (this.wish === 'off') return;
    try {
      if (this.wish === 'ask' && !(await talk.asks(talk.prompts.mayRecord))) return;
      const file = await this.openOrTell();
      if (!file) return;
      if (this.wish === 'announce' && !(await talk.announce(talk.prompts.recorded))) return;
      if (this.ended) return;
      const { spaceId, callId, generation } = this.parts.job;
      const { assetId } = file;
      await this.ask(beginRecording, { spaceId, callId, assetId, generation }, BEGIN_MS);
      this.assetId = assetId;
      this.recorder = new Recorder(file);
      // The call has ended meanwhile: the file is completed, as empty as it is.
      if (this.ended) return await this.finish();
      this.recorder.start(sound);
      this.parts.logger.info({ wish: this.wish }, 'Recording started');
    } catch (error) {
      this.warn(reasonOf(error));
    }
  }

  /** Ends the recording and has its file completed; the last words of it are sent first. */
  finish(): Promise<void> {
    this.ended = true;
    if (!this.recorder) return Promise.resolve();
    this.finishing ??= this.complete(this.recorder);
    return this.finishing;
  }

  private async complete(recorder: Recorder): Promise<void> {
    const { spaceId, callId } = this.parts.job;
    try {
      const sent = await recorder.finish();
      await this.ask(finishRecording, { spaceId, callId, assetId: this.assetId, ...sent }, FINISH_MS);
    } catch (error) {
      // Telephony completes what was sent after a while all the same.
      this.warn(reasonOf(error));
    }
  }

  /** The file; null where files cannot be stored, which telephony is told then. */
  private async openOrTell(): Promise<RecordingFile | null> {
    try {
      return await this.open();
    } catch (error) {
      this.warn(reasonOf(error));
      const { spaceId, callId, generation } = this.parts.job;
      // Nobody waits for that: the caller is to be greeted.
      this.ask(failRecording, { spaceId, callId, generation }, TELL_MS).catch(() => undefined);
      return null;
    }
  }

  private open(): Promise<RecordingFile> {
    const { spaceId, callId, generation } = this.parts.job;
    const call = { spaceId, callId, generation, conversationId: this.conversationId };
    this.opening ??= RecordingFile.begin(this.ask, call, (reason) => this.warn(reason));
    return this.opening;
  }

  private warn(reason: string): void {
    if (this.warned) return;
    this.warned = true;
    this.parts.logger.warn({ reason }, 'Recording failed or incomplete, call continues');
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ProblemError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
