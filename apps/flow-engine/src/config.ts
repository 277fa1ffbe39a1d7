import { z } from 'zod';

/** What flow-engine reads from the environment beside what every service reads. */
export const configSchema = z.object({
  MODEL_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(120_000)
    .default(30_000)
    .describe('Longest wait for the next token of a model'),
});

export type FlowEngineConfig = z.infer<typeof configSchema>;
