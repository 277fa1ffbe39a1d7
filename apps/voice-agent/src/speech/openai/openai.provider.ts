import { z } from 'zod';
import { type SpeechEnvironment, type SpeechProvider, SpeechSetupError, type SpeechTools } from '../port.ts';
import { AudioApi } from './audio-api.ts';
import { OpenAiRecognizer } from './openai-recognizer.ts';
import { OpenAiSynthesizer } from './openai-synthesizer.ts';

const settings = z.object({
  /** Ends before `/audio/…`, as `https://api.openai.com/v1` does. */
  baseUrl: z.string().default(''),
  /** The key itself stays out of settings, which may be shown. */
  hasKey: z.boolean(),
  sttModel: z.string(),
  ttsModel: z.string(),
  voice: z.string().default('alloy'),
  language: z.string().default('en-US'),
  speed: z.number().min(0.5).max(2).default(1),
  /** The longest silence of the server that a caller is made to bear. */
  timeoutMs: z.number().int().min(100).default(10_000),
});

export type AudioApiSettings = z.infer<typeof settings>;

/**
 * Any server that speaks OpenAI's audio API, hosted or local. The address and key are the installation's alone: an agent
 * that could name another address would be sent the key.
 */
export const openAiCompatible: SpeechProvider<AudioApiSettings> = {
  name: 'openai-compatible',
  settings,
  read: (environment, voice) => ({
    baseUrl: environment.VOICE_OPENAI_BASE_URL,
    hasKey: keyOf(environment) !== undefined,
    sttModel: voice.sttModel ?? environment.VOICE_OPENAI_STT_MODEL ?? 'whisper-1',
    ttsModel: voice.ttsModel ?? environment.VOICE_OPENAI_TTS_MODEL ?? 'tts-1',
    voice: voice.voice,
    language: voice.language,
    speed: voice.speed,
  }),
  check: async ({ baseUrl, hasKey }) => {
    const refuse = (message: string): never => {
      throw new SpeechSetupError('openai-compatible', message);
    };
    if (baseUrl === '')
      refuse('no server is set. Set VOICE_OPENAI_BASE_URL, such as https://api.openai.com/v1.');
    if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))
      refuse('VOICE_OPENAI_BASE_URL is no http or https address.');
    if (!hasKey && new URL(baseUrl).hostname === 'api.openai.com')
      refuse('its key is missing. Set VOICE_OPENAI_API_KEY.');
  },
  stt: (given, tools) => new OpenAiRecognizer(given, apiOf(given, tools)),
  tts: (given, tools) => new OpenAiSynthesizer(given, apiOf(given, tools)),
};

function apiOf({ baseUrl, timeoutMs }: AudioApiSettings, { environment, fetch }: SpeechTools): AudioApi {
  return new AudioApi({ baseUrl, timeoutMs, key: keyOf(environment) }, fetch);
}

function keyOf({ VOICE_OPENAI_API_KEY: key }: SpeechEnvironment): string | undefined {
  return key === '' ? undefined : key;
}
