import { z } from 'zod';

import { isProxyList } from '../http/client-addresses.ts';

/** What a service with a public door reads beside the rest: `configSchema = z.object({ ...httpConfig.shape, … })`. */
export const httpConfig = z.object({
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .meta({ description: 'port of the public door' }),
  HOST: z.string().min(1).default('127.0.0.1').meta({ description: 'address PORT listens on' }),
  TRUSTED_PROXIES: z
    .string()
    .refine(isProxyList, { error: 'addresses, CIDR ranges, loopback or uniquelocal, separated by commas' })
    .default('')
    .meta({ description: 'proxies whose X-Forwarded-For names the client' }),
});
