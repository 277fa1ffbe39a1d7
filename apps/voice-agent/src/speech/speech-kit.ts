import type { APIConnectOptions, VAD } from '@livekit/agents';
import type { VoiceSettings } from '@parley/contracts';
import { chooseSpeech, type SpeechChoice, type SpeechHalf, type SpeechPlan } from './choose-speech.ts';
import type { OnSpeechWarning } from './fallback.ts';
import {
  type Recognition,
  type Recognizer,
  type SpeechEnvironment,
  SpeechSetupError,
  type SpeechTools,
  type Synthesizer,
} from './port.ts';
import { VoiceStt } from './voice-stt.ts';
import { VoiceTts } from './voice-tts.ts';
import { WorkerCalls } from './worker-calls.ts';

/** What a call asks for. */
export interface CallSpeech {
  readonly agentVoice?: VoiceSettings | null;
  readonly spaceVoice?: VoiceSettings | null;
  readonly vad?: VAD;
  readonly onRecognition?: (recognition: Recognition) => void;
  readonly onWarning?: OnSpeechWarning;
  readonly connection?: APIConnectOptions;
}

/** Ears and voice of one call; close both with the call. */
export interface Speech {
  readonly stt: VoiceStt;
  readonly tts: VoiceTts;
  /** Providers that were asked for and passed over, with the mend. */
  readonly refused: readonly SpeechSetupError[];
}

/** The speech of one process: its calls share the workers and connections. */
export class SpeechKit {
  readonly #tools: SpeechTools;
  readonly #engines = new Map<string, WorkerCalls>();

  /** @param fetch behind the egress guard */
  constructor(
    readonly environment: SpeechEnvironment,
    fetch: typeof globalThis.fetch,
  ) {
    const engine = (name: string, script: URL): WorkerCalls => {
      const started = this.#engines.get(`${name} ${script.href}`) ?? new WorkerCalls(name, script, LIMITS);
      this.#engines.set(`${name} ${script.href}`, started);
      return started;
    };
    this.#tools = { environment, fetch, engine };
  }

  /**
   * Ears and voice for a call. What cannot be used is passed over and told in `refused`.
   * @throws {SpeechSetupError} when nothing is left to hear or to speak with
   */
  async open({ agentVoice, spaceVoice, vad, ...hooks }: CallSpeech): Promise<Speech> {
    const plan = chooseSpeech({ agentVoice, spaceVoice, environment: this.environment });
    const refused = [...plan.refused];
    const recognizers = await this.#make('stt', plan, refused);
    const synthesizers = await this.#make('tts', plan, refused);
    return {
      stt: new VoiceStt({ recognizers: recognizers as [Recognizer], ...(vad ? { vad } : {}), ...hooks }),
      tts: new VoiceTts({ synthesizers: synthesizers as [Synthesizer], ...hooks }),
      refused,
    };
  }

  /** Checks what the environment asks for, at start. @throws {SpeechSetupError} */
  async check(): Promise<void> {
    const plan = chooseSpeech({ environment: this.environment });
    const [refused] = plan.refused;
    if (refused) throw refused;
    for (const half of ['stt', 'tts'] as const) {
      for (const { provider, settings } of plan[half]) await provider.check(settings, half);
    }
  }

  /** Starts what the environment's providers need, so that the first call does not wait for it. */
  async warm(): Promise<void> {
    const { stt, tts } = await this.open({});
    await Promise.all([stt.recognizer.warm?.(), tts.synthesizer.warm?.()]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines.values()].map((engine) => engine.close()));
  }

  async #make(
    half: SpeechHalf,
    plan: SpeechPlan,
    refused: SpeechSetupError[],
  ): Promise<(Recognizer | Synthesizer)[]> {
    const made: (Recognizer | Synthesizer)[] = [];
    for (const choice of plan[half]) {
      try {
        made.push(await this.#makeOne(half, choice));
      } catch (error) {
        if (!(error instanceof SpeechSetupError)) throw error;
        refused.push(error);
      }
    }
    if (made.length > 0) return made;
    throw (
      refused[0] ??
      new SpeechSetupError('none', `nothing is set to ${half === 'stt' ? 'hear' : 'speak'} with`)
    );
  }

  async #makeOne(half: SpeechHalf, { provider, settings }: SpeechChoice): Promise<Recognizer | Synthesizer> {
    await provider.check(settings, half);
    const made = provider[half]?.(settings, this.#tools);
    if (!made) throw new SpeechSetupError(provider.name, `it has no ${half}`);
    return made;
  }
}

/** Of a worker's JavaScript; models lie outside. */
const LIMITS = { maxOldGenerationSizeMb: 256 };
