import { httpConfig } from '@parley/service/plain';
import { z } from 'zod';

/** Where speech comes from when neither the agent nor its space says so. */
const speech = {
  VOICE_STT: z
    .string()
    .default('embedded')
    .meta({ description: 'speech recogniser: embedded, sherpa, openai-compatible' }),
  VOICE_TTS: z
    .string()
    .default('embedded')
    .meta({ description: 'speech synthesis: embedded, sherpa, openai-compatible' }),
  VOICE_MODELS: z.string().optional().meta({ description: 'folder of the models that sherpa uses' }),
  VOICE_OPENAI_BASE_URL: z.url().optional().meta({ description: 'OpenAI-compatible audio API' }),
  VOICE_OPENAI_API_KEY: z.string().optional().meta({ description: 'key of that API' }),
  VOICE_OPENAI_STT_MODEL: z.string().default('whisper-1').meta({ description: 'model that hears' }),
  VOICE_OPENAI_TTS_MODEL: z.string().default('tts-1').meta({ description: 'model that speaks' }),
};

const liveKit = {
  LIVEKIT_URL: z
    .string()
    .regex(/^(?:wss?|https?):\/\//, 'a URL such as ws://livekit:7880')
    .meta({ description: 'LiveKit server' }),
  LIVEKIT_API_KEY: z.string().min(1).meta({ description: 'API key of the LiveKit server' }),
  LIVEKIT_API_SECRET: z.string().min(32).meta({ description: 'secret of that API key' }),
};

/** What the worker reads beside what every service reads. */
export const workerConfig = z.object({
  ...liveKit,
  ...speech,
  VOICE_AGENT_NAME: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .default('parley')
    .meta({ description: 'name under which it takes calls' }),
  VOICE_MAX_CALLS: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: 'calls one worker takes at once; by default 6 per core' }),
  VOICE_IDLE_JOBS: z.coerce
    .number()
    .int()
    .min(0)
    .default(1)
    .meta({ description: 'job processes kept warm for the next call' }),
  VOICE_SILENCE_SECONDS: z.coerce
    .number()
    .int()
    .min(3)
    .max(3600)
    .default(30)
    .meta({ description: 'silence after which the caller is asked; after as much again the call ends' }),
});

export type WorkerConfig = z.infer<typeof workerConfig>;

/** What the audio bridge reads; without LiveKit its sessions are text alone. */
export const bridgeConfig = z.object({
  ...z.object(liveKit).partial().shape,
  ...httpConfig.shape,
  BRIDGE_MAX_SESSIONS: z.coerce
    .number()
    .int()
    .min(1)
    .default(500)
    .meta({ description: 'sessions one bridge holds at once' }),
  BRIDGE_MAX_SESSIONS_PER_ADDRESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .meta({ description: 'sessions of one client address at once' }),
  BRIDGE_MAX_SESSIONS_PER_CHANNEL: z.coerce
    .number()
    .int()
    .min(1)
    .default(200)
    .meta({ description: 'sessions of one channel at once that an origin has let in' }),
  BRIDGE_SESSIONS_PER_MINUTE_PER_ADDRESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(120)
    .meta({ description: 'sessions that one client address may ask for in a minute' }),
  BRIDGE_SESSIONS_PER_MINUTE_PER_CHANNEL: z.coerce
    .number()
    .int()
    .min(1)
    .default(600)
    .meta({ description: 'sessions of one channel in a minute that an origin has let in' }),
  MEDIA_MAX_STREAMS: z.coerce.number().int().min(0).default(10).meta({
    description: 'telephone calls one bridge carries at once; who calls beyond hears that all lines are busy',
  }),
  BRIDGE_IDLE_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(60_000)
    .meta({ description: 'silence after which a client is asked whether it is still there' }),
});

export type BridgeConfig = z.infer<typeof bridgeConfig>;

/** What both entry points read together, for manifests and documentation. */
export const configSchema = z.object({ ...bridgeConfig.shape, ...workerConfig.shape });
