import { isDataException, isRetryable, isUniqueViolation } from './errors.ts';

const failure = (fields: object): Error => Object.assign(new Error('no'), fields);

describe('isRetryable', () => {
  it.each(['40001', '40P01', '55P03', '57014', '25P03', '57P01', '08006', 'ECONNREFUSED', 'ECONNRESET'])(
    'takes %s for a failure that says nothing about the work',
    (code) => {
      expect(isRetryable(failure({ code }))).toBe(true);
    },
  );

  it('finds a broken connection by its text and through causes', () => {
    const broken = new Error('Connection terminated unexpectedly');
    expect(isRetryable(broken)).toBe(true);
    expect(isRetryable(new Error('could not store', { cause: broken }))).toBe(true);
  });

  it.each(['23505', '22P02', '42501'])('does not repeat %s', (code) => {
    expect(isRetryable(failure({ code }))).toBe(false);
  });

  it('does not repeat what is no error of the database', () => {
    expect(isRetryable(new TypeError('x is not a function'))).toBe(false);
    expect(isRetryable(undefined)).toBe(false);
  });
});

describe('isDataException', () => {
  it.each(['22021', '22P05', '22P02', '22003', '22001'])('is true for %s, which is never retried', (code) => {
    expect(isDataException(failure({ code }))).toBe(true);
    expect(isDataException(new Error('could not store', { cause: failure({ code }) }))).toBe(true);
    expect(isRetryable(failure({ code }))).toBe(false);
  });

  it.each(['23505', '40001', '2200', 'ECONNREFUSED', 22_021])('is false for %s', (code) => {
    expect(isDataException(failure({ code }))).toBe(false);
  });
});

describe('isUniqueViolation', () => {
  it('tells constraints apart', () => {
    const error = failure({ code: '23505', constraint: 'message_pkey' });
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'message_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'other')).toBe(false);
  });
});
