import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rms, synthesize } from '@parley/testing';
import type { EngineCalls } from '../port.ts';
import { SpeechKit } from '../speech-kit.ts';
import { findModel } from './model-files.ts';
import type { SherpaRequest } from './requests.ts';
import { SherpaEngine, type SherpaPackage } from './sherpa-engine.ts';
import { SherpaRecognizer } from './sherpa-recognizer.ts';
import { SherpaSynthesizer } from './sherpa-synthesizer.ts';
import { sherpa, type SherpaSettings } from './sherpa.provider.ts';

const never = new AbortController().signal;
const models = process.env['PARLEY_VOICE_MODELS'];

/** Counts seconds of sound as words, and speaks a tone: the package's interface without its native code. */
class CountingPackage implements SherpaPackage {
  readonly configs: unknown[] = [];
  readonly OnlineRecognizer: SherpaPackage['OnlineRecognizer'];
  readonly OfflineTts: SherpaPackage['OfflineTts'];

  constructor() {
    const { configs } = this;
    type Stream = {
      samples: number;
      finished: boolean;
      acceptWaveform(wave: { samples: Float32Array }): void;
      inputFinished(): void;
    };
    this.OnlineRecognizer = class {
      constructor(config: object) {
        configs.push(config);
      }
      createStream(): Stream {
        return {
          samples: 0,
          finished: false,
          acceptWaveform({ samples }) {
            this.samples += samples.length;
          },
          inputFinished() {
            this.finished = true;
          },
        };
      }
      isReady(): boolean {
        return false;
      }
      decode(): void {}
      getResult(stream: unknown): { text: string } {
        const { samples } = stream as Stream;
        return { text: ' I HEARD'.repeat(Math.floor(samples / 16_000)) };
      }
    } as unknown as SherpaPackage['OnlineRecognizer'];
    this.OfflineTts = class {
      constructor(config: object) {
        configs.push(config);
      }
      generate({ speed }: { speed: number }): { samples: Float32Array; sampleRate: number } {
        const length = 22_050 / speed;
        return {
          samples: Float32Array.from({ length }, (_, at) => Math.sin(at / 10) / 2),
          sampleRate: 22_050,
        };
      }
    };
  }
}

function engineOf(engine: SherpaEngine): EngineCalls {
  return {
    call: async (request, options) =>
      engine.handle(
        request as SherpaRequest,
        () => options?.signal?.aborted ?? false,
        (piece) => options?.onPiece?.(piece),
      ) as never,
  };
}

describe('the sherpa provider', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sherpa-models-'));
  const put = (name: string, files: string[]): void => {
    mkdirSync(join(folder, name), { recursive: true });
    for (const file of files) writeFileSync(join(folder, name, file), '');
  };
  const settings: SherpaSettings = sherpa.settings.parse({ folder });
  beforeAll(() => {
    put('zipformer-en-20m', [
      'encoder-99.onnx',
      'encoder-99.int8.onnx',
      'decoder-99.onnx',
      'joiner-99.int8.onnx',
      'tokens.txt',
    ]);
    put('piper-en-us-amy', ['en_US-amy-low.onnx', 'tokens.txt', 'espeak-ng-data']);
    put('kokoro-en', ['model.onnx', 'voices.bin', 'tokens.txt', 'espeak-ng-data']);
    put('half', ['encoder.onnx', 'tokens.txt']);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('finds whole models alone, the small numbers first, and never outside its folder', async () => {
    expect(await findModel(folder, 'zipformer-en-20m', 'stt')).toMatchObject({
      encoder: join(folder, 'zipformer-en-20m', 'encoder-99.int8.onnx'),
      decoder: join(folder, 'zipformer-en-20m', 'decoder-99.onnx'),
    });
    expect(await findModel(folder, 'kokoro-en', 'tts')).toMatchObject({
      voices: join(folder, 'kokoro-en', 'voices.bin'),
    });
    expect(await findModel(folder, 'piper-en-us-amy', 'tts')).toMatchObject({ voices: null });
    for (const name of ['half', 'nowhere', '..', '../etc', 'a/b'])
      expect(await findModel(folder, name, 'stt')).toBeNull();
  });

  it('says at set-up which command gets what is missing', async () => {
    const kit = new SpeechKit({ VOICE_STT: 'sherpa', VOICE_TTS: 'sherpa' }, fetch);
    const isThere = isInstalled();
    await expect(kit.check()).rejects.toThrow(
      isThere
        ? 'Run "npx parley voice-models pull zipformer-en-20m" and set VOICE_MODELS'
        : 'its package is missing. Run "npm install --no-save sherpa-onnx-node@',
    );
    await expect(kit.open({})).rejects.toThrow('The speech provider "sherpa" cannot be used');
    const both = await kit.open({ agentVoice: { fallbacks: ['embedded'] } });
    expect([both.stt.provider, both.tts.provider, both.refused.length]).toEqual(['embedded', 'embedded', 2]);
    await kit.close();
  });

  it('hears while it is being spoken to, several utterances at once', async () => {
    const recognizer = new SherpaRecognizer(settings, engineOf(new SherpaEngine(new CountingPackage())));
    const partial: string[] = [];
    const utterance = recognizer.begin((text) => partial.push(text));
    const other = recognizer.begin();
    for (let piece = 0; piece < 24; piece += 1) utterance.push(new Int16Array(1600));
    other.push(new Int16Array(800));
    expect(await utterance.finish(never)).toMatchObject({
      text: 'I heard I heard I heard',
      rejected: false,
      confidence: null,
    });
    expect(partial.at(-1)).toBe('I HEARD I HEARD');
    expect((await other.finish(never)).text).toBe('');
  });

  it('speaks at 24 kHz in pieces, and stops when cancelled', async () => {
    const pack = new CountingPackage();
    const engine = engineOf(new SherpaEngine(pack));
    const pieces: Int16Array[] = [];
    for await (const { pcm } of new SherpaSynthesizer(settings, engine).synthesize('Hello.', never))
      pieces.push(pcm);
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.reduce((sum, pcm) => sum + pcm.length, 0)).toBeGreaterThanOrEqual(23_900);
    expect(rms(pieces[3] ?? new Int16Array(0))).toBeGreaterThan(10_000);
    const kokoro = new SherpaSynthesizer({ ...settings, ttsModel: 'kokoro-en' }, engine);
    for await (const _chunk of kokoro.synthesize('Hello.', never)) break;
    expect(pack.configs).toMatchObject([{ model: { vits: {} } }, { model: { kokoro: {} } }]);
  });

  const withModels = models !== undefined && isInstalled() ? it : it.skip;
  withModels(
    'hears and speaks with real models of PARLEY_VOICE_MODELS',
    async () => {
      const environment = { VOICE_STT: 'sherpa', VOICE_TTS: 'sherpa', VOICE_MODELS: models };
      const kit = new SpeechKit(environment, fetch);
      const { stt, tts } = await kit.open({});
      const utterance = stt.recognizer.begin();
      utterance.push(await synthesize('How do I change my address?', { sampleRate: 16_000 }));
      expect((await utterance.finish(never)).text.toLowerCase()).toContain('address');
      let samples = 0;
      for await (const { pcm } of tts.speak('Good morning.', never)) samples += pcm.length;
      expect(samples).toBeGreaterThan(12_000);
      await kit.close();
    },
    120_000,
  );
});

function isInstalled(): boolean {
  try {
    return createRequire(import.meta.url).resolve('sherpa-onnx-node') !== '';
  } catch {
    return false;
  }
}
