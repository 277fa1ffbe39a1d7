/** A piece of an answer that is being written, as it comes over the live bus. */
export interface Delta {
  messageId: string;
  replyTo: string | null;
  attempt: number;
  offset: number;
  text: string;
}

/** A message as it stands in the history. */
export interface Committed {
  messageId: string;
  replyTo: string | null;
  /** Null where no model made it: counts as 1. */
  attempt: number | null;
  text: string;
}

/** A message that is to be spoken, or is. */
export interface Utterance {
  readonly messageId: string;
  readonly replyTo: string | null;
  readonly attempt: number;
  /** What is known of its text without a gap. */
  readonly text: string;
  /** Whether the text is the whole message. */
  readonly complete: boolean;
  /** Counts up when what was said so far is void and the text is to be said from its beginning. */
  readonly restarts: number;
  /** When its first text came, in milliseconds. */
  readonly firstTextAt: number | null;
}

interface Draft {
  messageId: string;
  replyTo: string | null;
  attempt: number;
  text: string;
  complete: boolean;
  restarts: number;
  firstTextAt: number | null;
  begun: boolean;
  /** Pieces behind a gap, by their offset. */
  ahead: Map<number, string>;
}

const AHEAD_LIMIT = 256;

/**
 * What is to be said, in order, each message once. It is told what happens (tokens, messages) and touches nothing else.
 * Tokens begin a message's speech while they are contiguous; behind a gap only the committed message helps.
 */
export class SpeechPlan {
  private readonly drafts = new Map<string, Draft>();
  private readonly done = new Set<string>();
  private readonly questions = new Set<string>();
  private queue: Draft[] = [];

  /** The message to say now; null when there is none. */
  get head(): Utterance | null {
    return this.queue[0] ?? null;
  }

  /** Messages that wait, the one being said among them. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Names a message of the caller: answers to it may be spoken while they are written. */
  expect(messageId: string): void {
    this.questions.add(messageId);
  }

  /** Takes a piece of an answer; it may be lost, doubled or out of order. */
  delta(piece: Delta, now: number): void {
    const { messageId, replyTo, attempt } = piece;
    if (this.done.has(messageId) || replyTo === null || !this.questions.has(replyTo)) return;
    const draft = this.drafts.get(messageId) ?? this.open(messageId, replyTo, attempt);
    if (draft.complete || attempt < draft.attempt) return;
    if (attempt > draft.attempt) restart(draft, attempt, '');
    merge(draft, piece.offset, piece.text);
    if (draft.text === '') return;
    draft.firstTextAt ??= now;
    if (!this.queue.includes(draft)) this.queue.push(draft);
  }

  /** Takes a message of the history: the truth about its text. */
  commit(message: Committed, now: number): void {
    const { messageId, replyTo, text } = message;
    const attempt = message.attempt ?? 1;
    if (this.done.has(messageId)) return;
    const draft = this.drafts.get(messageId) ?? this.open(messageId, replyTo, attempt);
    if (draft.complete) return;
    const goesOn = text.startsWith(draft.text) || text === draft.text.trimEnd();
    if (draft.attempt !== attempt || !goesOn) restart(draft, attempt, text);
    draft.text = text;
    draft.complete = true;
    draft.replyTo = replyTo;
    draft.firstTextAt ??= now;
    draft.ahead.clear();
    if (!this.queue.includes(draft)) this.queue.splice(this.placeOfCommitted(), 0, draft);
  }

  /** The head's speech has begun: nothing is put before it. */
  begin(messageId: string): void {
    const draft = this.drafts.get(messageId);
    if (draft) draft.begun = true;
  }

  /** A message needs no speech (any more): said, cut, or said by an earlier job. */
  finish(messageId: string): void {
    this.done.add(messageId);
    this.drafts.delete(messageId);
    this.queue = this.queue.filter((draft) => draft.messageId !== messageId);
  }

  /** Whether a message is being written, or waits. */
  knows(messageId: string): boolean {
    return this.drafts.has(messageId);
  }

  /** Messages that are still being written are not said on. */
  finishUnwritten(): void {
    for (const { messageId, complete } of [...this.drafts.values()]) if (!complete) this.finish(messageId);
  }

  /** Messages that wait and answer the same message as the given one: what a caller who cuts in does not want to hear. */
  restOf(replyTo: string | null): Utterance[] {
    return replyTo === null ? [] : this.queue.filter((draft) => draft.replyTo === replyTo);
  }

  private open(messageId: string, replyTo: string | null, attempt: number): Draft {
    const draft: Draft = {
      messageId,
      replyTo,
      attempt,
      text: '',
      complete: false,
      restarts: 0,
      firstTextAt: null,
      begun: false,
      ahead: new Map(),
    };
    this.drafts.set(messageId, draft);
    return draft;
  }

  /** Committed messages come in order; one that is still being written and not begun will be committed later. */
  private placeOfCommitted(): number {
    const place = this.queue.findIndex((draft) => !draft.complete && !draft.begun);
    return place < 0 ? this.queue.length : place;
  }
}

function restart(draft: Draft, attempt: number, text: string): void {
  if (draft.text !== '') draft.restarts += 1;
  draft.attempt = attempt;
  draft.text = text;
  draft.ahead.clear();
}

function merge(draft: Draft, offset: number, text: string): void {
  if (offset > draft.text.length) {
    if (draft.ahead.size < AHEAD_LIMIT) draft.ahead.set(offset, text);
    return;
  }
  draft.text += text.slice(draft.text.length - offset);
  for (const [next, piece] of [...draft.ahead].sort(([a], [b]) => a - b)) {
    if (next > draft.text.length) return;
    draft.text += piece.slice(draft.text.length - next);
    draft.ahead.delete(next);
  }
}
