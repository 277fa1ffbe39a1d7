import { answerRows, throughputRow } from './synapse-rows.ts';

describe('rows against Synapse', () => {
  it('asks for a hundred times its messages', () => {
    expect(throughputRow(44, 4400)).toMatchObject({
      floor: '44.0 /s',
      ours: '4400.0 /s',
      ratio: '100.00',
      goal: '>= 100.00',
      met: 'yes',
    });
    expect(throughputRow(44, 4399).met).toBe('no');
  });

  it('asks for an eighth of its median latency and a third of its p99, of the middle round', () => {
    const synapse = {
      perSecond: 20,
      latencies: [
        { p50: 80, p99: 90 },
        { p50: 800, p99: 900 },
        { p50: 8, p99: 9 },
      ],
    };
    const rows = answerRows(synapse, { perSecond: 500, latencies: [{ p50: 10, p99: 31 }] });
    expect(rows.map(({ figure }) => figure)).toEqual([
      'F3 against Synapse p50 (Synapse at 20/s, ours at 500/s)',
      'F3 against Synapse p99 (Synapse at 20/s, ours at 500/s)',
    ]);
    expect(rows[0]).toMatchObject({ floor: '80.0 ms', ratio: '0.125', goal: '<= 0.125', met: 'yes' });
    expect(rows[1]).toMatchObject({ floor: '90.0 ms', ratio: '0.344', goal: '<= 0.333', met: 'no' });
  });
});
