import { z } from 'zod';

/** Where LiveKit is and how to speak to it: the same for telephony and the voice agent. */
export const configSchema = z.object({
  LIVEKIT_URL: z
    .string()
    .regex(/^(?:wss?|https?):\/\//, 'a URL such as ws://livekit:7880')
    .meta({ description: 'LiveKit server, as services reach it' }),
  LIVEKIT_PUBLIC_URL: z
    .string()
    .regex(/^wss?:\/\//, 'a URL such as wss://livekit.example.org')
    .optional()
    .meta({ description: 'LiveKit server, as browsers reach it; by default LIVEKIT_URL' }),
  LIVEKIT_API_KEY: z.string().min(1).meta({ description: 'API key of the LiveKit server' }),
  LIVEKIT_API_SECRET: z.string().min(32).meta({ description: 'secret of that API key' }),
  VOICE_AGENT_NAME: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .default('parley')
    .meta({ description: 'name under which the voice agent takes calls' }),
  CALL_TIME_LIMIT_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(120)
    .meta({ description: 'minutes after which a call is ended' }),
  CALLS_OUT_MAX: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(20)
    .meta({ description: 'calls that one space may have placed at once; 0 places none' }),
  CALLS_OUT_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(60)
    .meta({ description: 'calls that one space may place in a minute' }),
  PHONE_LINES: z.coerce.number().int().min(1).max(100_000).default(10).meta({
    description:
      'telephone calls at once in all spaces beyond which none is placed: MEDIA_MAX_STREAMS times the audio bridges',
  }),
});

export type TelephonyConfig = z.infer<typeof configSchema>;
