import { z } from 'zod';

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
});
