import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallCause,
  type EventData,
  flowCloseCodes,
  messageChanged,
  messagePosted,
} from '@parley/contracts';
import { TokenBucket } from '@parley/service';
import { followConversation } from './follow-conversation.ts';
import { readFrame } from './frames.ts';
import { toSamples } from './pcm.ts';
import { SessionCall } from './session-call.ts';
import type { SessionOpening } from './session-opening.ts';
import type { SessionParts } from './session-parts.ts';
import type { SocketLine } from './socket-line.ts';
import { TextTurns } from './text-turns.ts';

/** A client that cut the agent by its button is not told a second time when history says so. */
const OWN_CUT_MS = 3000;
/** The first text follows what the conversation opens with, unless that does not come. */
const OPENING_MS = 2000;

/** One client that talks with a flow, by text, by sound, or both. */
export class FlowSession {
  private readonly parts: SessionParts;
  private readonly opening: SessionOpening;
  private readonly line: SocketLine;
  private readonly call: SessionCall;
  private readonly texts: TextTurns;
  private readonly ending = new AbortController();
  private readonly frames = new TokenBucket({ perSecond: 10, burst: 60 });
  private readonly sounds = new TokenBucket({ perSecond: 250, burst: 2000 });
  private readonly malformed = new TokenBucket({ perSecond: 0.5, burst: 30 });
  /** What the client was shown before it was said. */
  private shown: string[] = [];
  private previewed: Promise<void> = Promise.resolve();
  private following: Promise<void> | null = null;
  private readonly opened = new AbortController();
  private last = 0;
  private cutAt = 0;

  constructor(parts: SessionParts, opening: SessionOpening, line: SocketLine) {
    this.parts = parts;
    this.opening = opening;
    this.line = line;
    this.call = new SessionCall(parts, opening, line);
    const { conversationId, channel } = opening;
    this.texts = new TextTurns(
      parts.facts,
      {
        conversationId,
        spaceId: channel.spaceId,
        callId: () => (this.call.isOn ? this.call.id : null),
        ready: () => this.begun(),
      },
      () => !this.ending.signal.aborted,
    );
  }

  get channelId(): string {
    return this.opening.channel.channelId;
  }

  /** Names the conversation, and shows how it opens. */
  begin(): void {
    this.line.tell({ type: 'ready', conversationId: this.opening.conversationId });
    this.previewed = this.preview();
  }

  /** The client is gone, or the process goes. */
  async end(cause: CallCause): Promise<void> {
    if (this.ending.signal.aborted) return;
    this.ending.abort();
    await this.call.hangUp(cause);
  }

  /** Closes the socket of a session that may not go on. */
  close(code: number, reason: string): void {
    this.line.close(code, reason);
  }

  receive(data: Buffer, binary: boolean): void {
    this.line.heard();
    if (!(binary ? this.sounds : this.frames).tryTake())
      return this.line.cut(flowCloseCodes.tooMany, 'Too many frames.');
    if (binary) return this.sound(data);
    const { frame, error } = readFrame(data);
    if (error) return this.wrong(error);
    switch (frame.type) {
      case 'text':
        return void this.text(frame.text);
      case 'interrupt':
        return this.interrupt();
      case 'dtmf':
        return void this.press(frame.digit);
      case 'ping':
        return this.line.tell({ type: 'pong' });
    }
  }

  private wrong(error: { code: string; message: string }): void {
    if (this.malformed.tryTake()) return this.line.tell({ type: 'error', ...error });
    return this.line.cut(flowCloseCodes.tooMany, 'Too many frames that cannot be read.');
  }

  private async preview(): Promise<void> {
    const texts = await this.opening.preview();
    // A call that was quicker has its opening told by the history.
    if (this.following || !this.line.isOpen) return;
    this.shown = texts;
    for (const text of texts) this.tell('assistant', text);
  }

  /** Begins the conversation with the first input, and tells from then on what is said in it. */
  private async beginConversation(): Promise<void> {
    await this.opening.open();
    this.following ??= this.follow();
  }

  /** The conversation stands, and has heard what it opens with. */
  private async begun(): Promise<void> {
    await this.previewed;
    await this.beginConversation();
    if (this.shown.length > 0 && !this.opened.signal.aborted)
      await sleep(OPENING_MS, null, { signal: this.opened.signal }).catch(() => undefined);
    this.opened.abort();
  }

  private follow(): Promise<void> {
    const { conversationId, channel } = this.opening;
    const { signal } = this.ending;
    return followConversation(
      this.parts,
      { spaceId: channel.spaceId, conversationId, afterSequence: 0, signal },
      {
        posted: (data) => this.posted(data),
        changed: (data) => this.changed(data),
        deleted: () => this.close(flowCloseCodes.notFound, 'The conversation was deleted.'),
      },
    );
  }

  private sound(bytes: Buffer): void {
    if (bytes.length === 0 || bytes.length % 2 === 1)
      return this.line.close(1003, 'Sound is PCM of 16 bits: frames have an even number of bytes.');
    return this.call.take(toSamples(bytes), async () => {
      await this.beginConversation();
      return this.texts.count === 0 ? 0 : this.last;
    });
  }

  private async text(text: string): Promise<void> {
    if (await this.texts.add(text)) return;
    this.fail('unavailable', 'The text could not be stored. Send it again.');
  }

  private interrupt(): void {
    this.cutAt = Date.now();
    this.call
      .interrupt()
      .catch((error: unknown) => this.parts.logger.debug({ err: error }, 'Interrupt failed'));
  }

  private async press(digit: string): Promise<void> {
    const isPressed = await this.call.press(digit).catch(() => false);
    if (!isPressed) this.fail('no_call', 'There is no call: keys are heard in a call alone.');
  }

  private fail(code: string, message: string): void {
    this.line.tell({ type: 'error', code, message });
  }

  private tell(role: 'user' | 'assistant', text: string, id?: string): void {
    this.line.tell({ type: 'transcript', role, text, final: true, ...(id === undefined ? {} : { id }) });
  }

  private posted({ sequence, message }: EventData<typeof messagePosted>): void {
    this.last = sequence;
    const { id, author, internal, parts } = message;
    if (internal || author.type === 'system' || this.texts.has(id)) return;
    const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
    if (text === '' || this.wasShown(message, text)) return;
    this.tell(author.type === 'contact' ? 'user' : 'assistant', text, id);
  }

  private wasShown(
    { author, replyTo }: { author: { type: string }; replyTo: string | null },
    text: string,
  ): boolean {
    if (author.type !== 'agent' || replyTo !== null || this.shown[0] !== text) return false;
    this.shown.shift();
    if (this.shown.length === 0) this.opened.abort();
    return true;
  }

  private changed({ sequence, message, change }: EventData<typeof messageChanged>): void {
    this.last = sequence;
    const isCut = change === 'speech' && message.speech !== null && message.speech.interruptedAtMs !== null;
    if (isCut && Date.now() - this.cutAt > OWN_CUT_MS) this.call.cut();
  }
}
