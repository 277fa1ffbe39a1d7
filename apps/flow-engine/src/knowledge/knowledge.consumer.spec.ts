import type { TaskContext } from '@parley/messaging';
import type { Logger } from '@parley/service';
import { KnowledgeConsumer } from './knowledge.consumer.ts';
import type { KnowledgeService } from './knowledge.service.ts';
import type { KnowledgeTables } from './knowledge.table.ts';

const task = {
  id: 'doc_one',
  key: 'doc_one',
  spaceId: 'space_one',
  payload: { documentId: 'doc_one' },
  attempt: 1,
};
const rejected = (): Error =>
  Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code: '22021' });

/** Reads a document whose reading fails with an error; answers the reasons that are stored. */
async function ingest(error: Error, isLastAttempt: boolean): Promise<string[]> {
  const reasons: string[] = [];
  const service = {
    ingest: () => Promise.reject(error),
    storeOutcome: (_trx: unknown, { reason }: { reason: string }) => void reasons.push(reason),
  } as unknown as KnowledgeService;
  const consumer = new KnowledgeConsumer(service, { error: () => undefined } as unknown as Logger);
  const complete = (work: (trx: never) => Promise<void>): Promise<void> => work({} as never);
  await consumer.ingest(task, { isLastAttempt, complete } as unknown as TaskContext<KnowledgeTables>);
  return reasons;
}

test('a document with a value that the database rejects fails at the first attempt, with the reason', async () => {
  const reason =
    'The document holds a value that cannot be stored: invalid byte sequence for encoding "UTF8": 0x00. ' +
    'Remove it and add the document again.';
  expect(await ingest(rejected(), false)).toEqual([reason]);
});

test('another failure is retried until the last attempt', async () => {
  await expect(ingest(new Error('disk full'), false)).rejects.toThrow('disk full');
  expect(await ingest(new Error('disk full'), true)).toEqual([
    'The document could not be stored. Delete it and add it again.',
  ]);
});
