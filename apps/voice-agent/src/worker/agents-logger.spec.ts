import { createLogger } from '@parley/service';
import { bridge } from './agents-logger.ts';

test('what LiveKit’s agents log goes through ours, without words of the caller and without objects', () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'spec',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  const log = bridge(logger).child({
    jobId: 'AJ_1',
    'lk.pii.room_name': 'room',
    info: { token: 'secret-token' },
  });
  log.debug({ 'lk.pii.user_transcript': 'my secret', language: 'en' }, 'received user transcript');
  log.info({ job: { token: 'secret-token' } }, 'received job request');
  log.error(new Error('It broke.'), 'failed');
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told[0]).toMatchObject({
    level: 'debug',
    jobId: 'AJ_1',
    language: 'en',
    said: 'received user transcript',
  });
  expect(told[1]).toMatchObject({ level: 'debug', said: 'received job request' });
  expect(told[2]).toMatchObject({ level: 'error', err: expect.anything() });
  expect(lines.join('')).not.toMatch(/my secret|secret-token|room"/);
});
