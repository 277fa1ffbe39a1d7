import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { NestLogger } from './nest-logger.ts';
import { Secret } from '../secrets/secret.ts';

interface Recorded {
  readonly logger: Logger;
  readonly text: () => string;
  readonly lines: () => Record<string, unknown>[];
}

function recordLogger(): Recorded {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  return {
    logger: createLogger({ name: 'conversation', level: 'trace', destination }),
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('the logger', () => {
  it('writes fields and a static sentence with the level in words', () => {
    const { logger, lines } = recordLogger();
    logger.info({ spaceId: 'space_1', count: 3 }, 'A batch was handled');
    expect(lines()[0]).toMatchObject({
      level: 'info',
      name: 'conversation',
      spaceId: 'space_1',
      count: 3,
      msg: 'A batch was handled',
    });
  });

  it.each([
    ['a token by its name', { accessToken: 'canary' }],
    ['a header by its name', { headers: { Authorization: 'canary', 'x-api-key': 'canary' } }],
    ['message text', { message: 'canary' }],
    ['the parts of a message', { input: { parts: [{ type: 'text', text: 'canary' }] } }],
    ['a phone number by its name', { contact: { phoneNumber: 'canary' } }],
    ['an API key by its shape', { note: 'used parley_sk_canary12345 here' }],
    ['a bearer token by its shape', { note: 'authorization was Bearer canary.canary' }],
    ['a JSON web token by its shape', { note: 'eyJhbGciOi.canarycanary.canary' }],
    ['a webhook secret by its shape', { note: 'whsec_canarycanary==' }],
    ['a password inside a URL', { note: 'postgres://parley:canary@localhost/db' }],
    ['a mail address by its shape', { note: 'sent to canary@example.org' }],
    ['a Secret', { held: new Secret('canary') }],
    ['a query parameter', { url: '/x?token=canary&a=1' }],
    ['an error message', { err: new Error('refused: Bearer canary.canary') }],
    ['the cause of an error', { err: new Error('outer', { cause: new Error('password=canary') }) }],
    [
      'the detail of a database error',
      { err: Object.assign(new Error('duplicate'), { detail: 'Key (name)=(canary)' }) },
    ],
  ])('masks %s', (_name, fields) => {
    const { logger, text } = recordLogger();
    logger.info(fields, 'Something happened');
    logger.child(fields).warn('Something happened again');
    expect(text()).toContain('Something happened again');
    expect(text()).not.toContain('canary');
  });

  it('masks a phone number by its shape and leaves times and versions alone', () => {
    const { logger, text } = recordLogger();
    logger.info(
      { note: 'call +49 151 23456789 now', at: '2026-11-21T02:33:32.123+00:00', version: '1.2.3' },
      'x',
    );
    expect(text()).not.toContain('23456789');
    expect(text()).toContain('2026-11-21T02:33:32.123+00:00');
    expect(text()).toContain('1.2.3');
  });

  it('masks an error that is logged without a sentence', () => {
    const { logger, text } = recordLogger();
    (logger.error as (value: unknown) => void)(new Error('token=canary'));
    (logger.error as (value: unknown) => void)({ err: new Error('token=canary') });
    expect(text()).not.toContain('canary');
  });

  it('keeps code, status and stack of an error', () => {
    const { logger, lines } = recordLogger();
    logger.error({ err: Object.assign(new Error('no such table'), { code: '42P01' }) }, 'A statement failed');
    expect(lines()[0]?.err).toMatchObject({
      message: 'no such table',
      code: '42P01',
      stack: expect.stringContaining('logger.spec'),
    });
  });

  it("carries Nest's own lines", () => {
    const { logger, lines } = recordLogger();
    const nest = new NestLogger(logger);
    nest.log('Mapped {/x}', 'RouterExplorer');
    nest.error(new Error('broken'), undefined, 'ExceptionsHandler');
    expect(lines()[0]).toMatchObject({ level: 'debug', context: 'RouterExplorer', nest: 'Mapped {/x}' });
    expect(lines()[1]).toMatchObject({
      level: 'error',
      context: 'ExceptionsHandler',
      err: { message: 'broken' },
    });
  });
});
