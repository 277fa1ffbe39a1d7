import { processNames } from '@parley/contracts';
import { httpConfig } from '@parley/service';
import { z } from 'zod';

/** What the gateway reads from the environment beside what every service reads. */
export const configSchema = z.object({
  ...httpConfig.shape,
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
  WIDGET_DIR: z.string().optional().describe('folder of the built widget'),
});

export type GatewayConfig = z.infer<typeof configSchema> & { PUBLIC_URL?: string | undefined };
