// What a process that is no service needs of the kit: nothing here loads Nest, PostgreSQL or NATS.
export { baseConfig } from './config/base-config.ts';
export { httpConfig } from './config/http-config.ts';
export { ConfigError, parseEnvironment } from './config/load-config.ts';
export { GuardedFetch } from './egress/guarded-fetch.ts';
export { createLogger, Logger } from './log/logger.ts';
