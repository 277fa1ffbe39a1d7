import { type EventData, messageChanged, messagePosted } from '@parley/contracts';
import { followConversation } from './follow-conversation.ts';
import { readFrame } from './frames.ts';
import { TokenBucket } from './limits.ts';
import { toSamples } from './pcm.ts';
import { SessionCall } from './session-call.ts';
import type { SessionParts, SessionPlace } from './session-parts.ts';
import type { SocketLine } from './socket-line.ts';
import { TextTurns } from './text-turns.ts';

/** A client that cut the agent by its button is not told a second time when history says so. */
const OWN_CUT_MS = 3000;

/** One client that talks with a flow, by text, by sound, or both. */
export class FlowSession {
  private readonly parts: SessionParts;
  private readonly place: SessionPlace;
  private readonly line: SocketLine;
  private readonly call: SessionCall;
  private readonly texts: TextTurns;
  private readonly ending = new AbortController();
  private readonly frames = new TokenBucket({ perSecond: 10, burst: 60 });
  private readonly sounds = new TokenBucket({ perSecond: 250, burst: 2000 });
  private readonly opening: number;
  private last: number;
  private cutAt = 0;

  /** @param afterSequence where the conversation stood before this session opened it */
  constructor(parts: SessionParts, place: SessionPlace, of: { line: SocketLine; afterSequence: number }) {
    this.parts = parts;
    this.place = place;
    this.line = of.line;
    this.opening = of.afterSequence;
    this.last = of.afterSequence;
    this.call = new SessionCall(parts, place, of.line);
    const { conversationId, channel } = place;
    this.texts = new TextTurns(
      parts.facts,
      { conversationId, spaceId: channel.spaceId, callId: () => (this.call.isOn ? this.call.id : null) },
      () => !this.ending.signal.aborted,
    );
  }

  /** Tells what is said in the conversation from now on. */
  begin(): void {
    const { conversationId, channel } = this.place;
    this.line.tell({ type: 'ready', conversationId });
    const { signal } = this.ending;
    void followConversation(
      this.parts,
      { spaceId: channel.spaceId, conversationId, afterSequence: this.opening, signal },
      { posted: (data) => this.posted(data), changed: (data) => this.changed(data) },
    );
  }

  /** The client is gone, or the process goes. */
  async end(cause: 'caller_left' | 'connection_lost'): Promise<void> {
    if (this.ending.signal.aborted) return;
    this.ending.abort();
    await this.call.hangUp(cause);
  }

  receive(data: Buffer, binary: boolean): void {
    // Who was told to go may still send for a while.
    if (!this.line.isOpen) return;
    this.line.heard();
    if (!(binary ? this.sounds : this.frames).take()) return this.line.close(4429, 'Too many frames.');
    if (binary) return this.sound(data);
    const { frame, error } = readFrame(data);
    if (error) return this.line.tell({ type: 'error', ...error });
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

  private sound(bytes: Buffer): void {
    if (bytes.length === 0 || bytes.length % 2 === 1)
      return this.line.close(1003, 'Sound is PCM of 16 bits: frames have an even number of bytes.');
    return this.call.take(toSamples(bytes), () => (this.texts.count === 0 ? this.opening : this.last));
  }

  private async text(text: string): Promise<void> {
    if (await this.texts.add(text)) return;
    this.fail('unavailable', 'The text could not be stored. Send it again.');
  }

  private interrupt(): void {
    this.cutAt = Date.now();
    this.call.interrupt().catch((error: unknown) => this.parts.logger.debug({ err: error }, 'No cut'));
  }

  private async press(digit: string): Promise<void> {
    const isPressed = await this.call.press(digit).catch(() => false);
    if (!isPressed) this.fail('no_call', 'There is no call: keys are heard in a call alone.');
  }

  private fail(code: string, message: string): void {
    this.line.tell({ type: 'error', code, message });
  }

  private posted({ sequence, message }: EventData<typeof messagePosted>): void {
    this.last = sequence;
    const { id, author, internal, parts } = message;
    if (internal || author.type === 'system' || this.texts.has(id)) return;
    const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
    if (text === '') return;
    const role = author.type === 'contact' ? 'user' : 'assistant';
    this.line.tell({ type: 'transcript', role, text, final: true, id });
  }

  private changed({ sequence, message, change }: EventData<typeof messageChanged>): void {
    this.last = sequence;
    const isCut = change === 'speech' && message.speech !== null && message.speech.interruptedAtMs !== null;
    if (isCut && Date.now() - this.cutAt > OWN_CUT_MS) this.call.cut();
  }
}
