import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { generateService } from './generate-service.ts';

const USAGE = `npm run generate service <name> [-- --subject <noun>] [--domain <word>]

Writes a service that compiles, lints and runs: apps/<name>, its contracts, its Kubernetes manifests.
  <name>     of the process and the folder, such as surveys
  --subject  what it keeps, singular; by default the name without its plural s
  --domain   first word of its events and operations, and its database schema; by default the subject`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { subject: { type: 'string' }, domain: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
const [kind, name] = positionals;

if (values.help === true || kind !== 'service' || name === undefined) {
  console.log(USAGE);
  process.exitCode = values.help === true ? 0 : 2;
} else {
  try {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const { written, edited, next } = await generateService({
      root,
      name,
      subject: values.subject,
      domain: values.domain,
    });
    console.log(`Written:\n${written.map((path) => `  ${path}`).join('\n')}`);
    console.log(`Edited:\n${edited.map((path) => `  ${path}`).join('\n')}`);
    console.log(`Next:\n${next.map((step) => `  ${step}`).join('\n')}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
