import { RetryableError } from '../errors.ts';
import type { TaskRules } from './task.ts';
import type { TaskRow } from './tasks.repository.ts';
import { decideRetry } from './retry-decision.ts';

const rules: TaskRules = {
  queue: 'delivery',
  concurrency: 1,
  maxAttempts: 8,
  timeoutMs: 1000,
  backoffMs: () => 20,
};
const task = { attempts: 1 } as TaskRow;
const failure = (code: string): Error => Object.assign(new Error(`state ${code}`), { code });

test.each(['22021', '22P05', '22003'])(
  'a value that the database rejects (%s) parks the task at once',
  (code) => {
    expect(decideRetry(failure(code), task, rules)).toEqual({ kind: 'park', reason: `state ${code}` });
    const wrapped = new RetryableError('Not stored.', { cause: failure(code), afterMs: 5 });
    expect(decideRetry(wrapped, task, rules)).toEqual({ kind: 'park', reason: `state ${code}` });
  },
);

test('other failures are retried as before', () => {
  expect(decideRetry(failure('40P01'), task, rules)).toMatchObject({ kind: 'retry', counts: false });
  expect(decideRetry(failure('23505'), task, rules)).toMatchObject({
    kind: 'retry',
    counts: true,
    delayMs: 20,
  });
  expect(decideRetry(failure('23505'), { attempts: 8 } as TaskRow, rules)).toMatchObject({ kind: 'park' });
});
