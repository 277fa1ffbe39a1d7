import { z } from 'zod';

import { baseConfig } from './base-config.ts';

/** What the set-up of NATS reads. Partitions are fixed for the life of a stream. */
export const streamsConfig = z.object({
  NATS_URL: baseConfig.shape.NATS_URL,
  NATS_OPERATOR_USER: z
    .string()
    .min(1)
    .default('operator')
    .meta({ description: 'the NATS user that may make streams, or trim them' }),
  NATS_OPERATOR_PASSWORD: z.string().min(1).meta({ description: "that user's password" }),
  STREAM_PARTITIONS: z.coerce.number().int().min(1).max(256).default(4).meta({
    description: 'consumers of one stream that can work side by side: 4 for a laptop, 32 for production',
  }),
  STREAM_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(64 * 1024 ** 2)
    .default(1024 ** 3)
    .meta({
      description: 'largest size of each stream; NATS reserves it, so all together have to fit its storage',
    }),
  STREAM_REPLICAS: z.coerce
    .number()
    .int()
    .min(1)
    .max(5)
    .default(1)
    .meta({ description: 'copies of each stream: 3 in a cluster of NATS servers' }),
});
