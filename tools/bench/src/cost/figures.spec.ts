import { type Counters, grown } from './counters.ts';
import { idleFigures, messageFigures, middle } from './figures.ts';
import { figureTable, goalRows, show } from './report.ts';

const counters = (at: number, factor: number): Counters => ({
  at,
  database: {
    transactions: 100 * factor,
    writing: 40 * factor,
    walBytes: 10_240 * factor,
    walSyncs: 30 * factor,
    rows: {
      flow: { inserted: 20 * factor, updated: 10 * factor, deleted: 0 },
      voice: { inserted: 0, updated: 0, deleted: 0 },
    },
  },
  nats: { received: 50 * factor, sent: 60 * factor, stored: 70 * factor },
  machine: 6 * factor,
  processors: { launcher: factor, postgres: 2 * factor, 'flow-engine': factor, conversation: 0 },
});

describe('figures', () => {
  const growth = grown(counters(1000, 3), counters(6000, 5));

  it('are what grew, for a message', () => {
    expect(growth.seconds).toBe(5);
    const window = { growth, answered: 10, isCarried: true, p50: 5, p99: 9, from: 0, to: 0 };
    expect(messageFigures(window)).toMatchObject({
      'answers/s': 2,
      transactions: 20,
      'transactions with an id': 8,
      'rows inserted': 4,
      'rows updated': 2,
      '- rows written by flow': 6,
      '- rows written by voice': 0,
      'WAL, KiB': 2,
      'NATS stored': 14,
      'processor time, ms': 800,
      '- postgres': 400,
      'cores, other programs': 0.8,
    });
  });

  it('are what grew, for a second of an idle installation; launchers are no services', () => {
    expect(idleFigures(growth)).toMatchObject({
      'transactions/s': 40,
      'cores, services': 0.4,
      'cores, postgres': 0.8,
    });
  });

  it('are the middle of rounds, shown with their ratio to the base, and held against goals', () => {
    const ours = middle([{ transactions: 9 }, { transactions: 30 }, { transactions: 10 }]);
    const pair = { base: { transactions: 20 }, ours };
    expect(figureTable({ 'main at 20/s': pair }).split('\n').at(-1)).toBe(
      '| transactions | 20.0 → 10.0 (0.50) |',
    );
    expect(figureTable({ 'main at 20/s': { ours } }).split('\n').at(-1)).toBe('| transactions | 10.0 |');
    expect(goalRows({ 'main at 20/s': pair })).toMatchObject([{ goal: '<= 14', met: 'yes', ratio: '0.50' }]);
    expect(show(undefined)).toBe('-');
  });
});
