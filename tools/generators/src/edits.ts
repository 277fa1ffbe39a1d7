import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Tokens } from './service-names.ts';
import { fill } from './service-names.ts';

interface Edit {
  readonly path: string;
  readonly changes: readonly Change[];
}

/** Lines put before or after the line that `anchor` finds. */
interface Change {
  readonly anchor: RegExp;
  readonly where: 'before' | 'after';
  readonly line: string;
}

const DEVELOPMENT_SECRET = `---
apiVersion: v1
kind: Secret
metadata:
  name: parley-__name__
stringData:
  DATABASE_URL: postgres://parley___domain__:parley@postgres:5432/parley
  DATABASE_RUNNER_URL: postgres://parley___domain___runner:parley@postgres:5432/parley
  NATS_PASSWORD: parley-__name__`;

const COMPOSE_SERVICES = `
  __name__-migration:
    <<: *migration
    image: parley/__name__
    environment:
      DATABASE_OWNER_URL: postgres://parley:\${POSTGRES_PASSWORD:-parley}@postgres:5432/parley
      DATABASE_URL: postgres://parley___domain__:\${POSTGRES_PASSWORD:-parley}@postgres:5432/parley
      DATABASE_RUNNER_URL: postgres://parley___domain___runner:\${POSTGRES_PASSWORD:-parley}@postgres:5432/parley
  __name__:
    <<: *service
    image: parley/__name__
    build: { context: .., dockerfile: docker/service.Dockerfile, args: { SERVICE: __name__ } }
    secrets: [master-key, operation-keys-__name__]
    environment:
      <<: *environment
      NATS_USER: __name__
      NATS_PASSWORD: \${NATS_PASSWORD:-parley-nats}
      OPERATION_KEYS_FILE: /run/secrets/operation-keys-__name__
      DATABASE_URL: postgres://parley___domain__:\${POSTGRES_PASSWORD:-parley}@postgres:5432/parley
      DATABASE_RUNNER_URL: postgres://parley___domain___runner:\${POSTGRES_PASSWORD:-parley}@postgres:5432/parley
    depends_on:
      nats-streams: { condition: service_completed_successfully }
      __name__-migration: { condition: service_completed_successfully }`;

const REGISTRY: readonly Change[] = [
  {
    anchor: /^import \{ channelEvents \}/m,
    where: 'before',
    line: "import { __domainCamel__Events } from './__domain__/events.ts';\nimport * as __domainCamel__Operations from './__domain__/operations.ts';",
  },
  { anchor: /^ {2}\.\.\.notificationEvents,$/m, where: 'after', line: '  ...__domainCamel__Events,' },
  {
    anchor: /^ {2}\.\.\.Object\.values\(notificationOperations\),$/m,
    where: 'after',
    line: '  ...Object.values(__domainCamel__Operations),',
  },
  { anchor: /^ {2}notification: 'notifications',$/m, where: 'after', line: "  __domain__: '__name__'," },
];

const EDITS: readonly Edit[] = [
  {
    path: 'libs/contracts/src/index.ts',
    changes: [
      {
        anchor: /^export \* from '\.\/notification\/index\.ts';$/m,
        where: 'after',
        line: "export * from './__domain__/index.ts';",
      },
    ],
  },
  { path: 'libs/contracts/src/registry.ts', changes: REGISTRY },
  {
    path: 'libs/contracts/src/core/ids.ts',
    changes: [{ anchor: /^export const idPrefixes = \[$/m, where: 'after', line: "  '__prefix__'," }],
  },
  {
    path: 'libs/contracts/src/core/permissions.ts',
    changes: [
      {
        anchor: /^ {2}'notifications:manage',$/m,
        where: 'after',
        line: "  '__subjectsSnake__:read',\n  '__subjectsSnake__:manage',",
      },
      {
        anchor: /^const viewer: readonly Permission\[\] = \[$/m,
        where: 'after',
        line: "  '__subjectsSnake__:read',",
      },
    ],
  },
  {
    path: 'deploy/base/kustomization.yaml',
    changes: [
      { anchor: /^ {2}- notifications$/m, where: 'after', line: '  - __name__' },
      {
        anchor: /^ {2}- \{ name: parley\/notifications, .*$/m,
        where: 'after',
        line: '  - { name: parley/__name__, newTag: 0.1.0 }',
      },
    ],
  },
  {
    path: 'deploy/overlays/dev/secrets.yaml',
    changes: [
      {
        anchor: /^ {2}OPERATOR_PASSWORD: .*$/m,
        where: 'before',
        line: '  __NAME___PASSWORD: parley-__name__',
      },
      { anchor: /^ {2}NATS_PASSWORD: parley-notifications$/m, where: 'after', line: DEVELOPMENT_SECRET },
    ],
  },
  {
    path: 'deploy/compose.yaml',
    changes: [
      {
        anchor: /^ {2}operation-keys-notifications: .*$/m,
        where: 'after',
        line: `  operation-keys-__name__: { file: "\${OPERATION_KEYS_FOLDER:-./overlays/dev/operation-keys}/__name__.json" }`,
      },
      {
        anchor: /^ {6}OPERATOR_PASSWORD: .*$/m,
        where: 'before',
        line: `      __NAME___PASSWORD: \${NATS_PASSWORD:-parley-nats}`,
      },
      {
        anchor: /^ {6}notifications-migration: \{ condition: .*$/m,
        where: 'after',
        line: COMPOSE_SERVICES,
      },
    ],
  },
];

/**
 * Makes the new service known where the others are.
 * @returns the files that were changed
 * @throws {Error} when a file has lost the line that the edit goes by
 */
export async function makeKnown(root: string, tokens: Tokens): Promise<string[]> {
  const texts = await Promise.all(EDITS.map(async ({ path, changes }) => apply(root, path, changes, tokens)));
  await Promise.all(texts.map(({ path, text }) => writeFile(join(root, path), text)));
  return texts.map(({ path }) => path);
}

async function apply(
  root: string,
  path: string,
  changes: readonly Change[],
  tokens: Tokens,
): Promise<{ path: string; text: string }> {
  let text = await readFile(join(root, path), 'utf8');
  for (const { anchor, where, line } of changes) {
    if (!anchor.test(text))
      throw new Error(`${path} has no line like ${anchor.source}: update tools/generators/src/edits.ts`);
    const filled = fill(line, tokens);
    text = text.replace(anchor, (found) =>
      where === 'before' ? `${filled}\n${found}` : `${found}\n${filled}`,
    );
  }
  return { path, text };
}
