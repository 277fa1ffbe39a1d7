import { baseConfig, parseEnvironment } from '@parley/service/plain';
import { z } from 'zod';
import { workerConfig } from '../config.ts';

const { NATS_URL, NATS_USER, NATS_PASSWORD, OPERATION_KEYS, OPERATION_KEYS_FILE, LOG_LEVEL, EGRESS_ALLOW } =
  baseConfig.shape;

/** What a job reads of the environment that its worker passes on: nothing of PostgreSQL, no master key. */
const jobSchema = z.object({
  ...workerConfig.shape,
  NATS_URL,
  NATS_USER,
  NATS_PASSWORD,
  OPERATION_KEYS,
  OPERATION_KEYS_FILE,
  LOG_LEVEL,
  EGRESS_ALLOW,
});

export type JobConfig = z.infer<typeof jobSchema>;

/** What a job must not know: removed from the environment before the first job is forked. */
export const workerOnly = ['DATABASE_URL', 'DATABASE_RUNNER_URL', 'MASTER_KEY', 'MASTER_KEY_FILE'] as const;

/** @throws ConfigError that names what is missing or wrong */
export function readJobConfig(environment: NodeJS.ProcessEnv = process.env): JobConfig {
  return parseEnvironment('voice-agent', jobSchema, environment);
}
