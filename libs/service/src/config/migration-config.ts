import { z } from 'zod';

import { baseConfig } from './base-config.ts';

/** What a service's migration reads. The role names and passwords in the URLs are those it creates. */
export const migrationConfig = z.object({
  DATABASE_OWNER_URL: baseConfig.shape.DATABASE_URL.meta({
    description: 'PostgreSQL, with a role that may create schemas, roles and extensions',
  }),
  DATABASE_URL: baseConfig.shape.DATABASE_URL,
  DATABASE_RUNNER_URL: baseConfig.shape.DATABASE_RUNNER_URL,
});
