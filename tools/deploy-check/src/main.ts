import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { checkDeployment } from './check-deployment.ts';
import { deployedNatsConfig } from './nats-config.ts';
import { developmentKeyFiles } from './operation-keys.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
if (process.argv.includes('--write')) {
  await writeFile(join(root, 'deploy/base/nats/nats.conf'), deployedNatsConfig());
  for (const [path, text] of developmentKeyFiles()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
for (const { folder, objects, problems } of await checkDeployment(root)) {
  console.log(
    `deploy/${folder}: ${objects} objects, ${problems.length === 0 ? 'all well' : `${problems.length} problems`}`,
  );
  for (const problem of problems) console.error(`  ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
