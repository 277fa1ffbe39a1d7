import type { LeaseTable } from './leases.repository.ts';
import { planLeases } from './lease-plan.ts';

const names = ['a', 'b', 'c', 'd'];

function table(holders: Record<string, string>, peers: string[]): LeaseTable {
  const leases = new Map(
    Object.entries(holders).map(([name, holder]) => [name, { name, holder, epoch: 1, leftMs: 1000 }]),
  );
  return { leases, peers: peers.map((holder) => ({ holder, namesHash: 1 })), wasAlive: true };
}

const view = (held: string[], unclaimed: string[] = []) => ({
  holder: 'me',
  namesHash: 1,
  names,
  held: new Set(held),
  unclaimed: new Set(unclaimed),
});

describe('planLeases', () => {
  it('takes everything when alone', () => {
    expect(planLeases(view([]), table({}, ['me'])).acquire.sort()).toEqual(names);
  });

  it('takes its share of what is free, and more only when nobody else comes', () => {
    expect(planLeases(view([]), table({}, ['me', 'you'])).acquire).toHaveLength(2);
    expect(planLeases(view([]), table({}, ['me', 'you'])).release).toEqual([]);
    expect(planLeases(view([], names), table({}, ['me', 'you'])).acquire).toHaveLength(4);
  });

  it('gives up what a newcomer is missing', () => {
    expect(planLeases(view(names), table({}, ['me', 'you'])).release).toHaveLength(2);
  });

  it('keeps what it has when shares differ by one, or when another has more to give', () => {
    expect(
      planLeases(view(['a', 'b']), table({ c: 'you', d: 'you' }, ['me', 'you', 'she'])).release.length,
    ).toBeLessThanOrEqual(1);
    expect(
      planLeases(view(['a']), table({ b: 'you', c: 'you', d: 'you' }, ['me', 'you', 'she'])).release,
    ).toEqual([]);
  });

  it('does not share with processes that want other leases', () => {
    const mixed = table({}, ['me']);
    mixed.peers.push({ holder: 'other', namesHash: 2 });
    expect(planLeases(view(names), mixed).release).toEqual([]);
  });
});
