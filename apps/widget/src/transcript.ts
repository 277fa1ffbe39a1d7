import type { Message, Part } from '@parley/contracts';

/** One line of the chat as it is shown. */
export interface Line {
  /** Message id, or the post's own id while it is on its way. */
  id: string;
  side: 'visitor' | 'company' | 'note';
  author: string;
  text: string;
  format: 'plain' | 'markdown';
  citations: { title: string; quote: string; url?: string | null | undefined }[];
  sequence: number | null;
  state: 'sending' | 'streaming' | 'done' | 'failed';
  attempt: number;
  /** Spoken only in part: the visitor cut in. */
  cut: boolean;
}

/** Everything said, in order, each once: durable events, own posts on their way, and answers being written. */
export class Transcript {
  private readonly lines = new Map<string, Line>();
  /** Sequences of another conversation come behind those of the one before. */
  private base = 0;

  /** Lines in the order of the conversation; what has no sequence yet stands last. */
  all(): Line[] {
    const shown = [...this.lines.values()].filter((line) => line.state !== 'streaming' || line.text !== '');
    return shown.sort((a, b) => (a.sequence ?? Infinity) - (b.sequence ?? Infinity));
  }

  /** What comes now belongs to a new conversation, and stands below all that is shown. */
  another(): void {
    this.base = Math.max(this.base, this.last());
  }

  /** Takes away what was said in the conversation that is shown last; what is on its way stays. */
  forget(): void {
    for (const [id, { sequence, state }] of this.lines)
      if (state === 'streaming' || (sequence !== null && sequence > this.base)) this.lines.delete(id);
  }

  private last(): number {
    return Math.max(0, ...[...this.lines.values()].map((line) => line.sequence ?? 0));
  }

  /** An own post was sent and waits for its answer. */
  sending(postId: string, text: string): void {
    this.lines.set(postId, {
      id: postId,
      side: 'visitor',
      author: 'You',
      text,
      format: 'plain',
      citations: [],
      sequence: null,
      state: 'sending',
      attempt: 0,
      cut: false,
    });
  }

  /** An own post was stored as a message. */
  posted(postId: string, message: Message): void {
    this.lines.delete(postId);
    if (!this.lines.has(message.id)) this.put(message);
  }

  failed(postId: string): void {
    const line = this.lines.get(postId);
    if (line) this.lines.set(postId, { ...line, state: 'failed' });
  }

  /** Takes a line away and answers its text; null when there is none. */
  drop(id: string): string | null {
    const text = this.lines.get(id)?.text ?? null;
    this.lines.delete(id);
    return text;
  }

  /** Answers that are being written are not meant for the visitor any more: a person has taken over, or it has ended. */
  dropStreaming(): void {
    for (const [id, line] of this.lines) if (line.state === 'streaming') this.lines.delete(id);
  }

  /** Whether an answer is being shown while it is written. */
  streaming(): boolean {
    return [...this.lines.values()].some((line) => line.state === 'streaming' && line.text !== '');
  }

  /** Whether the last word is the visitor's, and it is stored. */
  waitsForAnswer(): boolean {
    const last = this.all().findLast((line) => line.side !== 'note');
    return last?.side === 'visitor' && last.state === 'done';
  }

  /** A posted or changed message. */
  put(message: Message): void {
    const side =
      message.author.type === 'contact' ? 'visitor' : message.author.type === 'system' ? 'note' : 'company';
    if (side === 'visitor') this.dropSending(textOf(message.parts));
    const format = message.parts.some((part) => part.type === 'text' && part.format === 'markdown')
      ? 'markdown'
      : 'plain';
    this.lines.set(message.id, {
      id: message.id,
      side,
      author: side === 'visitor' ? 'You' : message.author.name,
      text: textOf(message.parts),
      format,
      citations: message.citations,
      sequence: this.base + message.sequence,
      state: 'done',
      attempt: Infinity,
      cut: typeof message.speech?.interruptedAtMs === 'number',
    });
  }

  /**
   * A piece of an answer being written: a higher attempt starts the text anew, also when its beginning was missed;
   * a gap waits for the message.
   */
  delta(piece: { messageId: string; attempt: number; offset: number; text: string }): boolean {
    const line = this.lines.get(piece.messageId);
    if (line?.state === 'done' || (line && piece.attempt < line.attempt)) return false;
    const current = line && line.attempt === piece.attempt ? line.text : '';
    const fits = piece.offset === current.length;
    if (!fits && (!line || line.attempt === piece.attempt)) return false;
    this.lines.set(piece.messageId, {
      id: piece.messageId,
      side: 'company',
      author: '',
      text: fits ? current + piece.text : '',
      format: 'markdown',
      citations: [],
      sequence: null,
      state: 'streaming',
      attempt: piece.attempt,
      cut: false,
    });
    return true;
  }

  /** The stored message may be heard before the answer to the post: it is shown once. */
  private dropSending(text: string): void {
    const sending = [...this.lines.values()].find((line) => line.state === 'sending' && line.text === text);
    if (sending) this.lines.delete(sending.id);
  }

  /** A remark of the chat's own; without a sequence it stands behind all that is stored now. */
  note(id: string, text: string, sequence: number | null): void {
    this.lines.set(id, {
      id,
      side: 'note',
      author: '',
      text,
      format: 'plain',
      citations: [],
      sequence: sequence === null ? this.last() + 0.5 : this.base + sequence,
      state: 'done',
      attempt: 0,
      cut: false,
    });
  }
}

function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => (part.type === 'text' ? part.text : part.type === 'attachment' ? `📎 ${part.name}` : ''))
    .filter(Boolean)
    .join('\n');
}
