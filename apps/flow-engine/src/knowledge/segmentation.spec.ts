import { SegmentationService } from './segmentation.service.ts';

type Document = { spaceId: string; documentId: string };

/** Runs the service's lease once, over documents that wait; those named `broken` fail, `gone` is deleted meanwhile. */
async function run(waiting: Document[]): Promise<{ done: string[]; warned: object[] }> {
  const drain = new AbortController();
  const done: string[] = [];
  const warned: object[] = [];
  let left = waiting;
  const segments = {
    waiting: (most: number) => Promise.resolve(left.slice(0, most)),
    segment: ({ documentId }: Document) => {
      if (documentId === 'broken') return Promise.reject(new Error('It broke.'));
      left = left.filter((one) => one.documentId !== documentId);
      done.push(documentId);
      return Promise.resolve(documentId !== 'gone');
    },
  };
  const logger = {
    warn: (fields: object) => warned.push(fields),
    info: () => drain.abort(),
  };
  const lease = { drainSignal: drain.signal, isHeld: () => true };
  let running: Promise<void> = Promise.resolve();
  const leases = {
    runWhileHeld: (_name: string, work: (held: typeof lease) => Promise<void>) => {
      running = work(lease);
    },
  };
  new SegmentationService({ segments } as never, leases as never, logger as never).onModuleInit();
  await running;
  return { done, warned };
}

test('every document is segmented once; one that fails does not hold up the others', async () => {
  const names = ['one', 'broken', 'gone', 'two'];
  const { done, warned } = await run(names.map((documentId) => ({ spaceId: 'space_one', documentId })));
  expect(done).toEqual(['one', 'gone', 'two']);
  expect(warned).toMatchObject([{ documentId: 'broken' }]);
});
