import { z } from 'zod';

const url = (protocols: readonly string[], example: string) =>
  z.string().refine((value) => hasProtocol(value, protocols), { error: `a URL such as ${example}` });

const port = z.coerce.number().int().min(0).max(65_535);

function hasProtocol(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

/**
 * What every service process reads from its environment; a service's own schema is laid over it.
 * URLs are plain strings because drivers parse them themselves. `LOG_LEVEL` is pino's, `EGRESS_ALLOW` a comma-separated
 * list of host names, addresses and CIDR ranges that the egress guard lets through.
 */
export const baseConfig = z.object({
  DATABASE_URL: url(
    ['postgres:', 'postgresql:'],
    'postgres://parley_<domain>:<password>@host:5432/parley',
  ).meta({ description: "PostgreSQL, with the service's own role" }),
  DATABASE_RUNNER_URL: url(
    ['postgres:', 'postgresql:'],
    'postgres://parley_<domain>_runner:<password>@host:5432/parley',
  ).meta({ description: "PostgreSQL, with the service's runner role" }),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).optional(),
  NATS_URL: z
    .string()
    .refine(isNatsUrl, { error: 'one or more URLs such as nats://host:4222, separated by commas' })
    .meta({ description: 'NATS servers' }),
  NATS_USER: z.string().min(1).meta({ description: "the service's NATS user" }),
  NATS_PASSWORD: z.string().min(1).meta({ description: "the password of the service's NATS user" }),
  OPERATION_KEYS_FILE: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'JSON file with the keys that this service signs and verifies operations with' }),
  OPERATION_KEYS: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'the same JSON, where no file can be mounted' }),
  HEALTH_PORT: port.default(0).meta({ description: 'port of /healthz, /readyz and /metrics' }),
  HEALTH_HOST: z.string().min(1).default('127.0.0.1').meta({ description: 'address HEALTH_PORT listens on' }),
  MASTER_KEY_FILE: z.string().min(1).optional().meta({ description: 'file with 32 random bytes in base64' }),
  MASTER_KEY: z
    .string()
    .refine((value) => Buffer.from(value, 'base64').length === 32, { error: '32 random bytes in base64' })
    .optional()
    .meta({ description: '32 random bytes in base64, where no file can be mounted' }),
  PUBLIC_URL: url(['http:', 'https:'], 'https://chat.example.org')
    .optional()
    .meta({ description: 'address under which outsiders reach the platform' }),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:'], 'http://collector:4318')
    .optional()
    .meta({ description: 'OTLP collector over HTTP; unset: no traces are recorded' }),
  EGRESS_ALLOW: z.string().default('').meta({
    description:
      'host names, addresses and ranges that outgoing requests may reach although they are private',
  }),
});

/** The parsed base environment. */
export type BaseConfig = z.infer<typeof baseConfig>;

/** The environment of a service: the base and its own variables. */
export type ServiceConfig<Shape extends z.ZodRawShape> = BaseConfig & z.infer<z.ZodObject<Shape>>;

function isNatsUrl(value: string): boolean {
  return value.split(',').every((part) => hasProtocol(part.trim(), ['nats:', 'tls:', 'ws:', 'wss:']));
}
