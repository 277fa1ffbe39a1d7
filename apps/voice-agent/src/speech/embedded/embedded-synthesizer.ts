import { PieceQueue } from '../piece-queue.ts';
import type { EngineCalls, SpeechChunk, Synthesizer } from '../port.ts';
import type { SpeakRequest } from './requests.ts';

/** Speaks with espeak-ng in a worker thread, and knows when each word begins. */
export class EmbeddedSynthesizer implements Synthesizer {
  readonly label = 'embedded';

  constructor(
    private readonly engine: EngineCalls,
    private readonly settings: { readonly voices: readonly string[]; readonly speed: number },
  ) {}

  synthesize(text: string, signal: AbortSignal): AsyncIterable<SpeechChunk> {
    const request: SpeakRequest = { kind: 'speak', text, ...this.settings };
    return PieceQueue.of<SpeechChunk>(signal, async (push, ended) => {
      await this.engine.call(request, { signal: ended, onPiece: (piece) => push(piece as SpeechChunk) });
    });
  }

  async warm(): Promise<void> {
    await this.engine.call({ kind: 'check', voices: this.settings.voices });
  }

  async close(): Promise<void> {}
}
