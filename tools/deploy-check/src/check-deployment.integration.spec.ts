import { fileURLToPath } from 'node:url';
import { z } from 'zod';

import { checkDeployment } from './check-deployment.ts';
import { environmentProblems } from './environment.ts';
import { parseManifests, render, schemaProblems } from './manifests.ts';
import { networkProblems, workloadProblems } from './rules.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
// The first run builds kustomize and kubectl-validate, which are kept.
const BUILD_MS = 15 * 60_000;

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
    const process = z.object({ NATS_USER: z.string(), NEW_ONE: z.string(), OPTIONAL: z.string().optional() });
    const schemas = [
      { service: 'conversation', process, migration: z.object({ DATABASE_OWNER_URL: z.string() }) },
    ];
    const problems = environmentProblems(parseManifests(rendered), schemas);
    expect(problems).toContain('conversation is not given NEW_ONE, which it needs');
    expect(problems).toContain('conversation is given DATABASE_URL, which it does not read');
    expect(problems).toContain('parley-config sets LOG_LEVEL, which no service reads');
    expect(problems.some((problem) => problem.includes('OPTIONAL'))).toBe(false);
  });
});
