import type { EventData, speechFinished } from '@parley/contracts';
import type { Spoken } from './mouth.ts';
import { speakable } from './speakable.ts';
import type { Committed, Utterance } from './speech-plan.ts';

/** What is published of a speech. */
export type SpeechReport = EventData<typeof speechFinished>;

interface Waiting {
  utterance: Utterance;
  spoken: Spoken;
}

/**
 * Reports what was heard of each message, once the message is known to stand in the history. What was generated is told as
 * the voice says it, so that what was heard is a prefix of it.
 */
export class SpeechReports {
  private readonly call: { callId: string; conversationId: string };
  private readonly send: (report: SpeechReport) => void;
  private readonly waiting = new Map<string, Waiting>();

  constructor(call: { callId: string; conversationId: string }, send: (report: SpeechReport) => void) {
    this.call = call;
    this.send = send;
  }

  /** A message was said; where it is still being written, its report waits for it. */
  spoken(utterance: Utterance, spoken: Spoken): void {
    if (utterance.complete) this.report(utterance, utterance.text, spoken);
    else this.waiting.set(utterance.messageId, { utterance, spoken });
  }

  /** A message stands in the history. */
  committed({ messageId, attempt, text, replyTo }: Committed): void {
    const found = this.waiting.get(messageId);
    if (!found) return;
    this.waiting.delete(messageId);
    this.report({ ...found.utterance, replyTo, attempt: attempt ?? 1 }, text, found.spoken);
  }

  private report(utterance: Utterance, text: string, spoken: Spoken): void {
    const generated = speakable(text).trimEnd();
    const cut = spoken.cutAtMs !== null;
    this.send({
      ...this.call,
      messageId: utterance.messageId,
      replyTo: utterance.replyTo,
      attempt: utterance.attempt,
      generated,
      spoken: cut ? commonStart(generated, spoken.heard) : generated,
      interruptedAtMs: spoken.cutAtMs,
      firstTokenAt: iso(utterance.firstTextAt),
      firstAudioAt: iso(spoken.firstAudioAt),
      startedAt: new Date(spoken.startedAt).toISOString(),
      endedAt: new Date(spoken.endedAt).toISOString(),
    });
  }
}

/** What two texts begin with alike, to the word: more than that was not heard of the one that stands. */
export function commonStart(generated: string, heard: string): string {
  if (generated.startsWith(heard)) return heard;
  let length = 0;
  while (length < heard.length && generated[length] === heard[length]) length += 1;
  const cut = generated.lastIndexOf(' ', length);
  return cut < 0 ? '' : generated.slice(0, cut);
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
