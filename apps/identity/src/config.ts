import { z } from 'zod';

/** What identity reads from the environment beside what every service reads. */
export const configSchema = z.object({
  ACCESS_TOKEN_SECONDS: z.coerce
    .number()
    .int()
    .min(30)
    .max(3600)
    .default(600)
    .describe('Life of an access token'),
  REFRESH_TOKEN_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(30)
    .describe('Life of a session without use'),
  SIGNING_KEY_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(30)
    .describe('Age at which the key that signs tokens is replaced'),
});

export type IdentityConfig = z.infer<typeof configSchema>;
