import { APIConnectionError } from '@livekit/agents';
import { Resampler } from '../pcm.ts';
import { SPEECH_RATE, type SpeechChunk, type Synthesizer } from '../port.ts';
import type { AudioApi } from './audio-api.ts';
import type { AudioApiSettings } from './openai.provider.ts';

const WAV_HEADER = 44;

/** Speaks through `POST /audio/speech`; the audio is passed on as it comes. */
export class OpenAiSynthesizer implements Synthesizer {
  readonly label = 'openai-compatible';

  constructor(
    private readonly settings: AudioApiSettings,
    private readonly api: AudioApi,
  ) {}

  async *synthesize(text: string, signal: AbortSignal): AsyncGenerator<SpeechChunk, void> {
    // A clause of signs alone has no sound, and servers refuse it.
    if (!/[\p{L}\p{N}]/u.test(text)) return;
    const { ttsModel: model, voice, speed } = this.settings;
    const body = JSON.stringify({ model, voice, speed, input: text, response_format: 'pcm' });
    const answer = await this.api.post(
      '/audio/speech',
      { body, headers: { 'content-type': 'application/json' } },
      signal,
    );
    if (/^(audio\/(mpeg|mp3|ogg|opus|aac|flac)|application\/json|text\/)/.test(answer.contentType)) {
      await answer.cancel();
      const message = `The speech server answered ${answer.contentType}, not PCM`;
      throw new APIConnectionError({ message, options: { retryable: false } });
    }
    const samples = new Samples();
    let isSilent = true;
    for await (const chunk of answer.chunks()) {
      const pcm = samples.push(chunk);
      if (pcm.length === 0) continue;
      isSilent = false;
      yield { pcm };
    }
    const last = samples.flush();
    if (last.length > 0) yield { pcm: last };
    else if (isSilent) throw new APIConnectionError({ message: 'The speech server returned no audio' });
  }

  async close(): Promise<void> {}
}

/** Bytes as samples at the rate of speech; servers that answer WAV all the same say their own rate in its header. */
class Samples {
  #rest: Buffer = Buffer.alloc(0);
  #resampler: Resampler | undefined;

  push(chunk: Uint8Array): Int16Array {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#resampler) {
      if (this.#rest.length < WAV_HEADER) return new Int16Array(0);
      const isWav = this.#rest.toString('latin1', 0, 4) === 'RIFF';
      this.#resampler = new Resampler(isWav ? this.#rest.readUInt32LE(24) : SPEECH_RATE, SPEECH_RATE);
      if (isWav) this.#rest = this.#rest.subarray(WAV_HEADER);
    }
    return this.#resampler.push(this.#take());
  }

  flush(): Int16Array {
    this.#resampler ??= new Resampler(SPEECH_RATE, SPEECH_RATE);
    const pcm = this.#resampler.push(this.#take());
    const last = this.#resampler.flush();
    return last.length > 0 ? last : pcm;
  }

  #take(): Int16Array {
    const even = this.#rest.length - (this.#rest.length % 2);
    const pcm = new Int16Array(even / 2);
    for (let at = 0; at < pcm.length; at += 1) pcm[at] = this.#rest.readInt16LE(at * 2);
    this.#rest = this.#rest.subarray(even);
    return pcm;
  }
}
