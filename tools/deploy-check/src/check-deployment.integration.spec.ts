import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { domainOwners, domains } from '@parley/contracts';
import { findNatsServer } from '@parley/testing';
import { z } from 'zod';

import { checkDeployment } from './check-deployment.ts';
import { environmentProblems } from './environment.ts';
import { parseManifests, render, schemaProblems } from './manifests.ts';
import { deployedNatsConfig, passwordVariable } from './nats-config.ts';
import { developmentKeyFiles } from './operation-keys.ts';
import { networkProblems, workloadProblems } from './rules.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
// The first run builds kustomize and kubectl-validate, which are kept.
const BUILD_MS = 15 * 60_000;

describe('the configuration of nats-server', () => {
  it('is the one that the contracts ask for', async () => {
    const written = await readFile(`${root}/deploy/base/nats/nats.conf`, 'utf8');
    // Not compared as texts: their difference would fill pages.
    const upToDate = written === deployedNatsConfig();
    expect({ upToDate, mend: 'node tools/deploy-check/bin/deploy-check.mjs --write' }).toMatchObject({
      upToDate: true,
    });
  });

  it(
    'is taken by the server, with passwords out of its environment',
    async () => {
      const program = await findNatsServer();
      const env = Object.fromEntries(
        [...domains.map((domain) => domainOwners[domain]), 'trimmer', 'operator'].map((user) => [
          passwordVariable(user),
          'x1',
        ]),
      );
      const checked = await promisify(execFile)(program, ['-t', '-c', `${root}/deploy/base/nats/nats.conf`], {
        env,
      });
      expect(checked.stderr).toContain('configuration file');
      const unset = promisify(execFile)(program, ['-t', '-c', `${root}/deploy/base/nats/nats.conf`], {
        env: {},
      });
      await expect(unset).rejects.toMatchObject({ stderr: expect.stringContaining('_PASSWORD') });
    },
    BUILD_MS,
  );
});

describe('the operation keys for trying out', () => {
  it('are there for every service', async () => {
    for (const [path, text] of developmentKeyFiles()) {
      const upToDate = (await readFile(`${root}/${path}`, 'utf8').catch(() => '')) === text;
      expect({ path, upToDate, mend: 'node tools/deploy-check/bin/deploy-check.mjs --write' }).toMatchObject({
        upToDate: true,
      });
    }
  });
});

describe('the manifests', () => {
  let rendered: string;
  beforeAll(async () => {
    rendered = await render(`${root}/deploy/base`);
  }, BUILD_MS);

  it(
    'are whole, valid and set what the services read',
    async () => {
      const checked = await checkDeployment(root);
      expect(checked.map(({ folder, problems }) => ({ folder, problems }))).toEqual([
        { folder: 'base', problems: [] },
        { folder: 'overlays/dev', problems: [] },
      ]);
    },
    BUILD_MS,
  );

  it(
    'are refused with a field that Kubernetes does not know',
    async () => {
      const broken = rendered.replace('readOnlyRootFilesystem', 'readOnlyRootFileSystm');
      expect(await schemaProblems(broken)).toContainEqual(expect.stringContaining('readOnlyRootFileSystm'));
    },
    BUILD_MS,
  );

  it.each([
    ['readinessProbe:', 'someProbe:', 'has no readinessProbe'],
    ['runAsNonRoot: true', 'runAsNonRoot: false', 'does not run as a numbered user'],
    ['readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', 'writes to its root'],
    [
      'automountServiceAccountToken: false',
      'automountServiceAccountToken: true',
      'mounts a service account token',
    ],
    ['type: RuntimeDefault', 'type: Unconfined', 'has no seccomp profile'],
    ['kind: PodDisruptionBudget', 'kind: Nothing', 'has no PodDisruptionBudget'],
    ['- ALL', '- NET_RAW', 'keeps capabilities'],
    ['memory: 512Mi', 'cpu: 1', 'has no memory limit'],
    [':0.1.0', ':latest', 'image without a version'],
  ])('are refused with %s replaced by %s', (text, replacement, problem) => {
    expect(rendered).toContain(text);
    const problems = workloadProblems(parseManifests(rendered.replaceAll(text, replacement)));
    expect(problems).toContainEqual(expect.stringContaining(problem));
  });

  it('are refused without a default that denies', () => {
    const manifests = parseManifests(rendered).filter(({ metadata }) => metadata.name !== 'default-deny');
    expect(networkProblems(manifests)).toHaveLength(1);
  });

  it('are refused with a variable that nobody reads, or without one that is needed', () => {
    const schema = z.object({ NATS_USER: z.string(), NEW_ONE: z.string(), OPTIONAL: z.string().optional() });
    const expected = [
      { kind: 'Deployment' as const, name: 'conversation', schema },
      { kind: 'Job' as const, name: 'other', schema },
    ];
    const problems = environmentProblems(parseManifests(rendered), expected);
    expect(problems).toContain('Job other has no manifest below deploy/base');
    expect(problems).toContain('conversation is not given NEW_ONE, which it needs');
    expect(problems).toContain('conversation is given DATABASE_URL, which it does not read');
    expect(problems).toContain('parley-config sets LOG_LEVEL, which no service reads');
    expect(problems.some((problem) => problem.includes('OPTIONAL'))).toBe(false);
  });
});
