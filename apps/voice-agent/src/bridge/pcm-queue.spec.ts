import { assert, array, constantFrom, integer, oneof, property, record } from 'fast-check';
import { toBytes, toSamples } from './pcm.ts';
import { PcmQueue } from './pcm-queue.ts';

const step = oneof(
  record({ kind: constantFrom('push' as const), size: integer({ min: 0, max: 40 }) }),
  record({ kind: constantFrom('take' as const), size: integer({ min: 0, max: 40 }) }),
  record({ kind: constantFrom('bound' as const), size: integer({ min: 1, max: 60 }) }),
);

describe('Sound that waits', () => {
  it('comes in its order, within its bound; only the oldest is lost', () => {
    assert(
      property(array(step), (steps) => {
        let limit = 50;
        let next = 0;
        let model: number[] = [];
        const queue = new PcmQueue(limit);
        for (const { kind, size } of steps) {
          if (kind === 'take') expect([...queue.take(size)]).toEqual(model.splice(0, size));
          else if (kind === 'bound') queue.bound((limit = size));
          else {
            const piece = Array.from({ length: size }, () => (next = (next + 1) % 30_000));
            queue.push(Int16Array.from(piece));
            model.push(...piece);
          }
          model = model.slice(Math.max(0, model.length - limit));
          expect(queue.length).toBe(model.length);
        }
        queue.clear();
        expect([...queue.take(100)]).toEqual([]);
      }),
    );
  });

  it('holds on to nothing of a giant piece but its end', () => {
    const queue = new PcmQueue(10);
    queue.push(new Int16Array(500_000).fill(7));
    expect(queue.take(100).buffer.byteLength).toBe(20);
  });
});

describe('Samples', () => {
  it('are little-endian bytes, wherever these lie', () => {
    assert(
      property(array(integer({ min: -32_768, max: 32_767 })), (values) => {
        const bytes = toBytes(Int16Array.from(values));
        const odd = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
        expect([...toSamples(odd)]).toEqual(values);
      }),
    );
    expect([...toBytes(Int16Array.of(1, -2))]).toEqual([1, 0, 0xfe, 0xff]);
  });
});
