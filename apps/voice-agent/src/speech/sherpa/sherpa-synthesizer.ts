import { APIConnectionError } from '@livekit/agents';
import { PieceQueue } from '../piece-queue.ts';
import type { EngineCalls, SpeechChunk, Synthesizer } from '../port.ts';
import { findModel, type VoiceFiles } from './model-files.ts';
import type { SherpaRequest } from './requests.ts';
import type { SherpaSettings } from './sherpa.provider.ts';

/** Speaks with a Piper or Kokoro voice in a worker thread; a clause is made whole before its first sound. */
export class SherpaSynthesizer implements Synthesizer {
  readonly label = 'sherpa';
  #files: Promise<VoiceFiles> | undefined;

  constructor(
    private readonly settings: SherpaSettings,
    private readonly engine: EngineCalls,
  ) {}

  synthesize(text: string, signal: AbortSignal): AsyncIterable<SpeechChunk> {
    const { voice, speed } = this.settings;
    return PieceQueue.of<SpeechChunk>(signal, async (push, ended) => {
      const files = await this.#model();
      const request: SherpaRequest = { kind: 'speak', files, text, speaker: Number(voice), speed };
      await this.engine.call(request, { signal: ended, onPiece: (piece) => push(piece as SpeechChunk) });
    });
  }

  async warm(): Promise<void> {
    const request: SherpaRequest = { kind: 'load-tts', files: await this.#model() };
    await this.engine.call(request);
  }

  async close(): Promise<void> {}

  #model(): Promise<VoiceFiles> {
    this.#files ??= findModel(this.settings.folder, this.settings.ttsModel, 'tts').then((files) => {
      if (files) return files;
      const message = `The model ${this.settings.ttsModel} is gone from ${this.settings.folder}`;
      throw new APIConnectionError({ message, options: { retryable: false } });
    });
    return this.#files;
  }
}
