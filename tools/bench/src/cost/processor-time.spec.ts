import { busySeconds, parseStat, secondsByName } from './processor-time.ts';

describe('processor time', () => {
  it('is read from proc(5) stat, with that of ended children, whatever the program is called', () => {
    const line = '42 (a b) c) S 7 42 42 0 -1 4194560 10 0 0 0 130 20 40 10 20 0 1 0 100 0 0';
    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, ticks: 200 });
  });

  it('of the whole machine leaves out idle time and waits for disks', () => {
    expect(busySeconds('cpu  100 200 300 4000 5000 10 20 70 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n')).toBe(7);
  });

  it('counts a process for its nearest ancestor with a name', () => {
    const all = [
      { pid: 10, parent: 1, ticks: 100 },
      { pid: 20, parent: 10, ticks: 200 },
      { pid: 21, parent: 20, ticks: 50 },
      { pid: 22, parent: 21, ticks: 25 },
      { pid: 99, parent: 1, ticks: 1000 },
    ];
    const names = new Map([
      [10, 'launcher'],
      [20, 'postgres'],
      [30, 'ended'],
    ]);
    expect(Object.fromEntries(secondsByName(all, names))).toEqual({ launcher: 1, postgres: 2.75, ended: 0 });
  });
});
