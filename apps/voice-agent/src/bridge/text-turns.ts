import { setTimeout as sleep } from 'node:timers/promises';
import { newId, turnTranscribed } from '@parley/contracts';
import type { EventPublisher } from '@parley/messaging';

/** Texts that may wait for NATS; more are refused. */
const WAITING = 100;
const PATIENCE_MS = 20_000;
const AGAIN_MS = 250;

/** Where typed texts go. */
export interface TextPlace {
  spaceId: string;
  conversationId: string;
  /** The call under way, if there is one. */
  callId(): string | null;
  /** Resolves once the conversation stands. */
  ready(): Promise<void>;
}

/** Typed texts as turns of a conversation, one after another; each is repeated under its id until NATS has stored it. */
export class TextTurns {
  private readonly facts: Pick<EventPublisher, 'publish'>;
  private readonly place: TextPlace;
  private readonly ids = new Set<string>();
  private readonly isOpen: () => boolean;
  private work: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(facts: Pick<EventPublisher, 'publish'>, place: TextPlace, isOpen: () => boolean) {
    this.facts = facts;
    this.place = place;
    this.isOpen = isOpen;
  }

  /** Whether a message was typed here. */
  has(messageId: string): boolean {
    return this.ids.has(messageId);
  }

  /** How many were taken. */
  get count(): number {
    return this.ids.size;
  }

  /** Resolves with false when the text could not be stored. */
  async add(text: string): Promise<boolean> {
    if (this.waiting >= WAITING) return false;
    this.waiting += 1;
    const messageId = newId('msg');
    this.ids.add(messageId);
    const endOfTurnAt = new Date().toISOString();
    const stored = this.work.then(() => this.publish({ messageId, text, endOfTurnAt }));
    this.work = stored.then(() => {
      this.waiting -= 1;
    });
    return stored;
  }

  private async publish(turn: { messageId: string; text: string; endOfTurnAt: string }): Promise<boolean> {
    const { spaceId, conversationId } = this.place;
    const data = {
      ...turn,
      conversationId,
      callId: this.place.callId(),
      typed: true,
      confidence: null,
      startOfSpeechAt: null,
      endOfSpeechAt: null,
      transcribedAt: null,
    };
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
      try {
        await this.place.ready();
        await this.facts.publish(turnTranscribed, spaceId, data);
        return true;
      } catch {
        // Whether it was stored is not known: its message id removes the repeat.
        if (!this.isOpen()) return false;
        await sleep(AGAIN_MS);
      }
    }
    return false;
  }
}
