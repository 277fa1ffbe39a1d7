import { canonicalOrigin, processNames } from '@parley/contracts';
import { httpConfig } from '@parley/service';
import { z } from 'zod';

const perMinute = z.coerce.number().int().min(1).max(100_000_000);

/** A list such as `CORS_ORIGINS`, without its blanks. */
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** The origins of `CORS_ORIGINS`. */
export function originsOf({ CORS_ORIGINS }: Pick<GatewayConfig, 'CORS_ORIGINS'>): string[] {
  return listOf(CORS_ORIGINS);
}

/** What the gateway reads from the environment beside what every service reads. */
export const configSchema = z.object({
  ...httpConfig.shape,
  CHANNEL_MASTER_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('file with 32 random bytes in base64: master key of channel credentials alone'),
  CHANNEL_MASTER_KEY: z.string().min(1).optional().describe('the same key, where no file can be mounted'),
  DEMO_FILE: z
    .string()
    .optional()
    .describe('demo.json of a development installation: names the channel of /demo'),
  SERVICES: z
    .string()
    .default(processNames.join(','))
    .describe('services of this installation; what is not listed is switched off'),
  BRIDGE_URL: z
    .url()
    .optional()
    .describe('audio bridge that /ws/flow and /ws/media are passed to, where no ingress does it'),
  PROVIDER_CHECK_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('seconds between two looks at whether a channel still stands right at its provider'),
  CORS_ORIGINS: z
    .string()
    .refine((text) => listOf(text).every((one) => canonicalOrigin(one) !== null), {
      error: 'origins such as https://app.example.com or https://*.example.com, separated by commas',
    })
    .default('')
    .describe('origins whose pages may use the API with a bearer credential'),
  RATE_LIMIT_KEY: perMinute
    .default(6000)
    .describe('requests a minute of one API key or account, over all gateways'),
  RATE_LIMIT_SPACE: perMinute
    .default(6000)
    .describe('requests a minute in one space, and as many of its visitors'),
  RATE_LIMIT_VISITOR: perMinute.default(600).describe('requests a minute of one visitor'),
  RATE_LIMIT_ADDRESS: perMinute
    .default(120)
    .describe('requests a minute without credential, or with a wrong one, from one address'),
  RATE_LIMIT_SESSIONS: perMinute.default(60).describe("visitors' sessions a minute from one address"),
  RATE_LIMIT_WEBHOOKS: perMinute
    .default(600_000)
    .describe("requests a minute of one channel's provider, with the right signature"),
  SOCKETS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(20_000)
    .describe('realtime sockets that one gateway holds at once'),
  SOCKETS_PENDING_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(1000)
    .describe('realtime sockets that have not authenticated'),
  SOCKETS_PENDING_PER_ADDRESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('the same, of one client address'),
  WIDGET_DIR: z.string().optional().describe('folder of the built widget'),
});

export type GatewayConfig = z.infer<typeof configSchema> & { PUBLIC_URL?: string | undefined };
