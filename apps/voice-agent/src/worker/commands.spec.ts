import { type CommandTargets, obey, tonesOf } from './commands.ts';

describe('obey', () => {
  let told: string[];
  let targets: CommandTargets;
  beforeEach(() => {
    told = [];
    targets = {
      callId: 'call_1',
      generation: 2,
      hangUp: () => told.push('hang up'),
      sendDtmf: (digits) => told.push(digits),
      replaced: () => told.push('replaced'),
    };
  });

  it('does what concerns this call', () => {
    obey({ type: 'hang_up', callId: 'call_1' }, targets);
    obey({ type: 'send_dtmf', callId: 'call_1', digits: '12w#' }, targets);
    obey({ type: 'hang_up', callId: 'call_2' }, targets);
    expect(told).toEqual(['hang up', '12w#']);
  });

  it('leaves only to a younger job', () => {
    for (const generation of [1, 2, 3])
      obey({ type: 'job_alive', callId: 'call_1', generation, state: 'listening' }, targets);
    expect(told).toEqual(['replaced']);
  });
});

test('key tones have their codes, and w waits', () => {
  expect(tonesOf('1#wwA')).toEqual([
    { tone: { code: 1, digit: '1' }, afterMs: 0 },
    { tone: { code: 11, digit: '#' }, afterMs: 150 },
    { tone: { code: 12, digit: 'A' }, afterMs: 1150 },
  ]);
});
