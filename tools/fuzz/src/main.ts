/** Generated requests against every operation of the OpenAPI: fuzz.mjs [--home <folder>] [--cases 30000] [--minutes 30] [--seed <number>]. */
import { mkdirSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readDemo, type RunningInstallation, startInstallation } from '@parley/testing';
import { findSchemathesis } from './python.ts';
import { makeResources } from './resources.ts';
import { type Found, runSchemathesis } from './run.ts';

const artefacts = fileURLToPath(new URL('../../../artefacts', import.meta.url));
/** One run of Schemathesis; another one follows while cases are missing. */
const RUN_SECONDS = 300;

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    url: { type: 'string' },
    cases: { type: 'string', default: '30000' },
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string' },
  },
});

/** The installation of a folder, at another address if one is given, or one of its own whose rate limits do not stop the requests. */
async function open(): Promise<RunningInstallation> {
  const home =
    values.home ?? (values.url === undefined ? undefined : (process.env['PARLEY_HOME'] ?? '.parley'));
  if (home === undefined) {
    const limits = ['KEY', 'SPACE', 'ADDRESS', 'SESSIONS', 'VISITOR'].map((name) => [
      `RATE_LIMIT_${name}`,
      '6000000',
    ]);
    return startInstallation(Object.fromEntries(limits));
  }
  const demo = { ...readDemo(home), ...(values.url === undefined ? {} : { baseUrl: values.url }) };
  return { demo, home, stop: () => Promise.resolve() };
}

async function fuzz({ demo }: RunningInstallation): Promise<Found> {
  const command = await findSchemathesis();
  const cases = Number(values.cases);
  const ends = Date.now() + Number(values.minutes) * 60_000;
  const total: Found = { cases: 0, serverErrors: 0, slow: 0, toolErrors: 0, operations: 0 };
  for (let run = 1; total.cases < cases && Date.now() < ends; run += 1) {
    const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed) + run - 1;
    const seconds = Math.max(1, Math.min(RUN_SECONDS, Math.round((ends - Date.now()) / 1000)));
    const reportFile = join(artefacts, `fuzz-${run}.json`);
    const resources = await makeResources(demo);
    const found = await runSchemathesis({ command, demo, resources, seconds, seed, reportFile });
    for (const key of ['cases', 'serverErrors', 'slow', 'toolErrors'] as const) total[key] += found[key];
    total.operations = Math.max(total.operations, found.operations);
    console.log(
      `Run ${run}, seed ${seed}: ${found.cases} cases, ${found.serverErrors} answers of 500 and above, ${found.slow} late; ${total.cases} of ${cases} cases.`,
    );
  }
  return total;
}

mkdirSync(artefacts, { recursive: true });
const installation = await open();
try {
  const { cases, serverErrors, slow, toolErrors, operations } = await fuzz(installation);
  console.log(
    `\n${cases} cases over ${operations} operations: ${serverErrors} answers of 500 and above, ${slow} later than 2 s (${toolErrors} errors of the tool itself).`,
  );
  const isWhole = cases >= Number(values.cases);
  if (!isWhole)
    console.log(`Fewer than ${values.cases} cases in ${values.minutes} minutes: give it more time.`);
  process.exitCode = isWhole && serverErrors === 0 && slow === 0 ? 0 : 1;
} finally {
  await installation.stop();
}
