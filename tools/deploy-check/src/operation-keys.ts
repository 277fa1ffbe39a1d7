import { createHash } from 'node:crypto';

import { domainOwners } from '@parley/contracts';
import { deriveOperationKeys } from '@parley/messaging';
import { stringify } from 'yaml';

/** Everybody knows these keys: they are for a cluster or compose on one machine. */
const developmentRoot = createHash('sha256').update('parley development operation keys').digest();

/** Files with the operation keys of the development overlay (a Secret) and of compose (one file a service), by path. */
export function developmentKeyFiles(): Map<string, string> {
  const services = Object.values(domainOwners);
  const folder = 'deploy/overlays/dev';
  const texts = services.map((service): [string, string] => [
    `${service}.json`,
    JSON.stringify(deriveOperationKeys([developmentRoot], service, services)),
  ]);
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'parley-operation-keys' } },
    stringData: Object.fromEntries(texts),
  };
  return new Map([
    ...texts.map(([name, text]): [string, string] => [`${folder}/operation-keys/${name}`, `${text}\n`]),
    [
      `${folder}/operation-keys.yaml`,
      `# Written by tools/deploy-check --write.\n${stringify(secret, { lineWidth: 0 })}`,
    ],
  ]);
}
