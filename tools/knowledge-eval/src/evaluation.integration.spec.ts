import { createTestDatabase, type TestDatabase } from '@parley/testing';
import { askAll, ingest, type Suite } from './evaluation.ts';
import { InProcessTarget, retried } from './in-process.target.ts';
import { ManualUnavailableError, obtainManual } from './manual.ts';
import type { Manual } from './manual.ts';
import { failures, limitsOf, report } from './report.ts';
import { corpusSuites, manualSuite } from './suites.ts';

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

let server: TestDatabase;

beforeAll(async () => {
  server = await createTestDatabase();
});

afterAll(async () => {
  await server.drop();
});

async function evaluate(suite: Suite): Promise<string[]> {
  const target = await InProcessTarget.open(server.ownerUrl);
  try {
    const progress = await ingest(target, suite.pages, () => undefined);
    expect(progress).toEqual({ queued: 0, ingesting: 0, ready: suite.pages.length, failed: 0 });
    const outcomes = await askAll(target, suite.questions);
    print(`${suite.name}\n${report(outcomes, limitsOf(suite))}`);
    return failures(outcomes, limitsOf(suite));
  } finally {
    await target.close();
  }
}

test('answers from a real manual stay within their limits', async () => {
  const manual = await obtain();
  if (manual === null) {
    return;
  }
  expect(manual.pages.length).toBeGreaterThan(1100);
  expect(await evaluate(manualSuite(manual))).toEqual([]);
}, 300_000);

test.each(corpusSuites)('answers in other languages stay within their limits: $name', async (suite) => {
  expect(await evaluate(suite)).toEqual([]);
});

test('what PostgreSQL breaks off on a busy machine is repeated', async () => {
  let attempts = 0;
  const broken = retried(async () => {
    attempts += 1;
    if (attempts < 3) throw Object.assign(new Error('terminating connection'), { code: '25P03' });
    return attempts;
  });
  expect(await broken).toBe(3);
  await expect(retried(() => Promise.reject(new Error('A fault of the code')))).rejects.toThrow('fault');
});
