import { z } from 'zod';

/** What assets reads from the environment beside what every service reads. */
export const configSchema = z.object({
  S3_ENDPOINT: z
    .string()
    .regex(/^https?:\/\//, 'a URL such as https://s3.eu-central-1.amazonaws.com')
    .meta({ description: 'S3 server, as services reach it' }),
  S3_PUBLIC_ENDPOINT: z
    .string()
    .regex(/^https?:\/\//, 'a URL such as https://files.example.org')
    .optional()
    .meta({ description: 'S3 server, as browsers reach it; by default S3_ENDPOINT' }),
  S3_REGION: z.string().min(1).default('us-east-1').meta({ description: 'region of the bucket' }),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a name of a bucket')
    .default('parley')
    .meta({ description: 'bucket of all files; made where it is missing' }),
  S3_ACCESS_KEY_ID: z.string().min(1).meta({ description: 'access key of the S3 server' }),
  S3_SECRET_ACCESS_KEY: z.string().min(1).meta({ description: 'secret of that access key' }),
  S3_PATH_STYLE: z
    .enum(['true', 'false'])
    .default('true')
    .meta({ description: '`false` where the bucket is part of the host name' }),
  MAX_UPLOAD_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(5_000_000_000)
    .default(104_857_600)
    .meta({ description: 'largest file that may be uploaded' }),
  UPLOAD_KEEP_HOURS: z.coerce
    .number()
    .min(0)
    .default(48)
    .meta({ description: 'hours after which an upload that nobody completed is given up' }),
  SWEEP_SECONDS: z.coerce
    .number()
    .min(0.1)
    .default(600)
    .meta({ description: 'seconds between looks for files whose time is over' }),
});

export type AssetsConfig = z.infer<typeof configSchema>;
