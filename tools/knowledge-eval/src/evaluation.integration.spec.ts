import { createTestDatabase } from '@parley/testing';
import { askAll, ingest } from './evaluation.ts';
import { InProcessTarget } from './in-process.target.ts';
import { ManualUnavailableError, obtainManual } from './manual.ts';
import type { Manual } from './manual.ts';
import { answerableQuestions, unanswerableQuestions } from './questions.ts';
import { failures, report } from './report.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function obtain(): Promise<Manual | null> {
  try {
    return await obtainManual();
  } catch (error) {
    if (error instanceof ManualUnavailableError) {
      print(`SKIPPED: the knowledge evaluation. ${error.message}`);
      return null;
    }
    throw error;
  }
}

test('answers from a real manual stay within their limits', async () => {
  const manual = await obtain();
  if (manual === null) {
    return;
  }
  const server = await createTestDatabase();
  const target = await InProcessTarget.open(server.ownerUrl);
  try {
    const progress = await ingest(target, manual.pages, () => undefined);
    expect(manual.pages.length).toBeGreaterThan(1100);
    expect(progress).toEqual({ queued: 0, ingesting: 0, ready: manual.pages.length, failed: 0 });
    const outcomes = await askAll(target, [...answerableQuestions, ...unanswerableQuestions]);
    print(`postgresql-doc-15 ${manual.version}, ${manual.pages.length} pages\n${report(outcomes)}`);
    expect(failures(outcomes)).toEqual([]);
  } finally {
    await target.close();
    await server.drop();
  }
}, 300_000);
