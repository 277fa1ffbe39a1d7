import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { generateService } from './generate-service.ts';
import { fill, namesOf } from './service-names.ts';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const TOOL_MS = 180_000;

/** The parts of the workspace that a service needs, with our packages linked to the copy. */
async function copyWorkspace(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'parley-generated-'));
  const kept = [
    'package.json',
    'tsconfig.json',
    'tsconfig.base.json',
    'biome.json',
    '.swcrc',
    'jest.config.mjs',
    'eslint.config.mjs',
    'nx.json',
  ];
  for (const file of kept)
    if (existsSync(join(workspace, file))) await cp(join(workspace, file), join(root, file));
  for (const folder of ['libs', 'deploy']) {
    await cp(join(workspace, folder), join(root, folder), {
      recursive: true,
      filter: (path) => !/\/(node_modules|dist)$/.test(path),
    });
  }
  await mkdir(join(root, 'node_modules/@parley'), { recursive: true });
  for (const name of await readdir(join(workspace, 'node_modules'))) {
    if (name !== '@parley')
      await symlink(join(workspace, 'node_modules', name), join(root, 'node_modules', name));
  }
  for (const name of await readdir(join(root, 'libs'))) {
    await symlink(join(root, 'libs', name), join(root, 'node_modules/@parley', name));
  }
  return root;
}

async function runNode(root: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, NODE_OPTIONS: '', PARLEY_TEST_DATABASE_URL: 'none' };
  return promisify(execFile)(process.execPath, [...args], { cwd: root, env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { stdout: string; stderr: string }) => ({ code: 1, output: error.stdout + error.stderr }),
  );
}

describe('a generated service', () => {
  let root: string;
  beforeAll(async () => {
    root = await copyWorkspace();
    await generateService({ root, name: 'loyalty-programs', subject: 'gift-card' });
  }, TOOL_MS);
  afterAll(() => rm(root, { recursive: true, force: true }));

  it(
    'compiles',
    async () => {
      const tsconfig = {
        extends: './tsconfig.base.json',
        include: ['apps/loyalty-programs/src/**/*.ts', 'libs/contracts/src/**/*.ts'],
      };
      await writeFile(join(root, 'tsconfig.generated.json'), JSON.stringify(tsconfig));
      const compiled = await runNode(root, [
        'node_modules/typescript/bin/tsc',
        '-p',
        'tsconfig.generated.json',
        '--noEmit',
      ]);
      expect(compiled).toEqual({ code: 0, output: '' });
    },
    TOOL_MS,
  );

  it(
    'is formatted, and linted where the workspace lints',
    async () => {
      const biome = await runNode(root, [
        'node_modules/@biomejs/biome/bin/biome',
        'format',
        'apps/loyalty-programs',
        'libs/contracts/src/gift_card',
      ]);
      expect(biome).toMatchObject({ code: 0 });
      if (!existsSync(join(root, 'eslint.config.mjs'))) return;
      const linted = await runNode(root, ['node_modules/eslint/bin/eslint.js', 'apps/loyalty-programs']);
      // The graph of projects is not there in the copy: eslint says so, once a file.
      expect(linted).toMatchObject({ code: 0, output: expect.not.stringMatching(/\d:\d/) });
    },
    TOOL_MS,
  );

  it(
    'passes its own spec',
    async () => {
      const config = (await import(join(workspace, 'jest.config.mjs'))) as {
        default: Record<string, unknown>;
      };
      const { globalSetup, globalTeardown, ...rest } = config.default;
      expect([globalSetup, globalTeardown]).not.toContain(undefined);
      const text = JSON.stringify({ ...rest, rootDir: root, roots: ['<rootDir>/apps'] });
      await writeFile(join(root, 'jest.generated.config.mjs'), `export default ${text};\n`);
      const flags = ['--conditions=source', '--experimental-vm-modules', '--no-warnings'];
      const tested = await runNode(root, [
        ...flags,
        'node_modules/jest/bin/jest.js',
        '--config',
        'jest.generated.config.mjs',
      ]);
      expect(tested).toMatchObject({ code: 0, output: expect.stringContaining('1 passed') });
    },
    TOOL_MS,
  );

  it(
    'is known to the contracts and in the manifests',
    async () => {
      const program = `
      const { allOperations, domainOwners, permissions } = await import('@parley/contracts');
      console.log(JSON.stringify({
        operations: allOperations.map(({ name }) => name).filter((name) => name.startsWith('gift_card.')),
        owner: domainOwners.gift_card,
        permissions: permissions.filter((name) => name.startsWith('gift_cards')),
      }));`;
      const shown = await runNode(root, ['--conditions=source', '--input-type=module', '-e', program]);
      expect(JSON.parse(shown.output)).toEqual({
        operations: ['gift_card.create_gift_card', 'gift_card.list_gift_cards'],
        owner: 'loyalty-programs',
        permissions: ['gift_cards:read', 'gift_cards:manage'],
      });
      const base = await readFile(join(root, 'deploy/base/kustomization.yaml'), 'utf8');
      expect(base).toContain('  - loyalty-programs\n');
      expect(await readFile(join(root, 'deploy/base/loyalty-programs/deployment.yaml'), 'utf8')).toContain(
        'parley-loyalty-programs',
      );
      expect(await readFile(join(root, 'deploy/compose.yaml'), 'utf8')).toContain(
        'postgres://parley_gift_card:${POSTGRES_PASSWORD',
      );
      expect(await readFile(join(root, 'deploy/overlays/dev/secrets.yaml'), 'utf8')).toContain(
        'LOYALTY_PROGRAMS_PASSWORD',
      );
    },
    TOOL_MS,
  );

  it('is not written over, and not under a bad name', async () => {
    await expect(generateService({ root, name: 'loyalty-programs', subject: 'gift-card' })).rejects.toThrow(
      /exists already/,
    );
    await expect(generateService({ root, name: 'Bad Name' })).rejects.toThrow(/is no name/);
    await expect(generateService({ root, name: 'outboxes', subject: 'outbox' })).rejects.toThrow(
      /choose another subject/,
    );
    expect(existsSync(join(root, 'apps/Bad Name'))).toBe(false);
  });
});

describe('names', () => {
  it('are derived from one', () => {
    expect(namesOf({ name: 'surveys' })).toMatchObject({
      domain: 'survey',
      subject: 'survey',
      subjects: 'surveys',
      Subject: 'Survey',
    });
    expect(namesOf({ name: 'opt-in-policies' })).toMatchObject({
      domain: 'opt_in_policy',
      subjects: 'opt-in-policies',
      Subjects: 'OptInPolicies',
    });
  });

  it('fill tokens beside underscores, and an unknown token is refused', () => {
    expect(fill('create___subjectSnake__ __prefix___1', namesOf({ name: 'surveys' }))).toBe(
      'create_survey survey_1',
    );
    expect(() => fill('__nothing__', {})).toThrow(/unknown token/);
  });
});
