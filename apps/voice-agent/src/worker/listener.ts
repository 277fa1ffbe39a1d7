import { newId } from '@parley/contracts';
import { truncate } from '@parley/text';

/** What a caller said in one turn, as it is published. */
export interface HeardTurn {
  messageId: string;
  text: string;
  confidence: number | null;
  startOfSpeechAt: string | null;
  endOfSpeechAt: string | null;
  endOfTurnAt: string;
  transcribedAt: string | null;
}

const LONGEST_TEXT = 32_000;

/** Puts a caller's turn together from what is noticed of it; one turn, one message, however the transcript splits. */
export class Listener {
  private readonly silenceMs: number;
  private startedAt: number | null = null;
  private endedAt: number | null = null;
  private transcribedAt: number | null = null;
  private speaking = false;

  /** @param silenceMs how long the voice activity detection waits before it calls speech ended */
  constructor(silenceMs: number) {
    this.silenceMs = silenceMs;
  }

  /** Whether the caller speaks right now. */
  get isSpeaking(): boolean {
    return this.speaking;
  }

  /** The caller was noticed to speak. */
  speechStarted(at: number): void {
    this.speaking = true;
    this.startedAt ??= at;
  }

  /** The caller was noticed to be silent. */
  speechEnded(at: number): void {
    this.speaking = false;
    this.endedAt = at - this.silenceMs;
  }

  /** The recogniser gave a final text. */
  transcribed(at: number): void {
    this.transcribedAt = at;
  }

  /** The turn is over; null where nothing was said in it. */
  turn(text: string, confidence: number | null, at: number): HeardTurn | null {
    const said = truncate(text.trim(), LONGEST_TEXT, '');
    const turn: HeardTurn = {
      messageId: newId('msg'),
      text: said,
      confidence: confidence === null || !(confidence > 0) ? null : Math.min(1, confidence),
      startOfSpeechAt: iso(this.startedAt),
      endOfSpeechAt: iso(this.endedAt),
      endOfTurnAt: new Date(at).toISOString(),
      transcribedAt: iso(this.transcribedAt),
    };
    this.forget();
    return said === '' ? null : turn;
  }

  /** What was noticed was no turn: noise, or nothing that was understood. */
  forget(): void {
    this.startedAt = null;
    this.endedAt = null;
    this.transcribedAt = null;
  }
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
