import { z } from 'zod';

import { ConfigError, loadConfig } from './load-config.ts';

const complete = {
  DATABASE_URL: 'postgres://a:hunter2@localhost/parley',
  DATABASE_RUNNER_URL: 'postgres://b:hunter2@localhost/parley',
  NATS_URL: 'nats://localhost:4222',
  NATS_USER: 'conversation',
  NATS_PASSWORD: 'hunter2',
};

describe('loadConfig', () => {
  it('merges the base with the own schema and fills defaults', () => {
    const config = loadConfig(
      'conversation',
      z.object({ PAGE_SIZE: z.coerce.number().default(50) }),
      complete,
    );
    expect(config).toMatchObject({
      PAGE_SIZE: 50,
      LOG_LEVEL: 'info',
      EGRESS_ALLOW: '',
      NATS_USER: 'conversation',
    });
  });

  it('takes an empty variable for a missing one', () => {
    expect(loadConfig('x', z.object({}), { ...complete, HEALTH_PORT: '' }).HEALTH_PORT).toBe(0);
  });

  it('names every bad and missing variable at once, and no value', () => {
    const own = z.object({ MAIL_FROM: z.email(), MODE: z.enum(['a', 'b']) });
    const given = {
      ...complete,
      NATS_URL: 'hunter2',
      LOG_LEVEL: 'hunter2',
      HEALTH_PORT: 'hunter2',
      MASTER_KEY: 'hunter2',
      MAIL_FROM: 'hunter2',
      MODE: undefined,
      DATABASE_URL: undefined,
    };
    const load = () => loadConfig('conversation', own, given);
    expect(load).toThrow(ConfigError);
    const problems = problemsOf(load);
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual(
      ['DATABASE_URL', 'HEALTH_PORT', 'LOG_LEVEL', 'MAIL_FROM', 'MASTER_KEY', 'MODE', 'NATS_URL'].sort(),
    );
    expect(problems.join('\n')).not.toContain('hunter2');
    expect(problems).toContainEqual(expect.stringContaining('MODE is missing'));
    expect(problems).toContainEqual(expect.stringContaining('LOG_LEVEL must be one of trace, debug'));
  });
});

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  return [];
}
