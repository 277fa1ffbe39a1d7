import { decide } from './silence.ts';

const call = { answered: true, dispatchedAt: new Date(0) };
const at = (quiet: number, change: Partial<typeof call> = {}) =>
  decide({ ...call, ...change }, 100_000, 100_000 + quiet);

test('an agent that misses two of its signs of life is replaced, one that is lost for good ends the call', () => {
  expect([0, 1999, 2000, 9999, 10_000].map((quiet) => at(quiet))).toEqual([
    ...['wait', 'wait', 'replace', 'replace', 'give_up'],
  ]);
});

test('a call that nobody has answered yet waits longer for its first agent', () => {
  expect([2000, 4999, 5000, 10_000].map((quiet) => at(quiet, { answered: false }))).toEqual([
    ...['wait', 'wait', 'replace', 'give_up'],
  ]);
});

test('an agent that was sent has time to come', () => {
  const sent = (ago: number) => at(5000, { dispatchedAt: new Date(105_000 - ago) });
  expect([sent(0), sent(3999), sent(4000)]).toEqual(['wait', 'wait', 'replace']);
});
