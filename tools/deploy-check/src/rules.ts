import type { Container, Manifest, PodSpec } from './manifests.ts';

/** Says what is wrong with a workload; nothing when all is well. */
export function workloadProblems(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) => {
    const pod = manifest.spec?.template?.spec;
    if (pod === undefined) return [];
    const name = `${manifest.kind} ${manifest.metadata.name}`;
    const lasting = manifest.kind !== 'Job';
    const problems = [
      ...podProblems(pod),
      ...pod.containers.flatMap((container) => containerProblems(container, lasting)),
    ];
    if (manifest.kind === 'Deployment' && !hasBudget(manifest, manifests))
      problems.push('has no PodDisruptionBudget');
    return problems.map((problem) => `${name} ${problem}`);
  });
}

/** Whether traffic is refused unless a policy names it. */
export function networkProblems(manifests: readonly Manifest[]): string[] {
  const denied = manifests.some(({ kind, spec }) => {
    const { podSelector, policyTypes, ingress, egress } = (spec ?? {}) as Record<string, unknown>;
    const all =
      JSON.stringify(podSelector) === '{}' && JSON.stringify(policyTypes) === '["Ingress","Egress"]';
    return kind === 'NetworkPolicy' && all && ingress === undefined && egress === undefined;
  });
  return denied ? [] : ['No NetworkPolicy denies all traffic by default'];
}

function podProblems(pod: PodSpec): string[] {
  const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext ?? {};
  return failed([
    [pod.automountServiceAccountToken === false, 'mounts a service account token'],
    [
      runAsNonRoot === true && typeof runAsUser === 'number' && runAsUser > 0,
      'does not run as a numbered user other than root',
    ],
    [(seccompProfile as { type?: string } | undefined)?.type === 'RuntimeDefault', 'has no seccomp profile'],
  ]);
}

function containerProblems(container: Container, lasting: boolean): string[] {
  const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext ?? {};
  const { requests, limits } = container.resources ?? {};
  const dropped = (capabilities as { drop?: string[] } | undefined)?.drop;
  const rules: [boolean, string][] = [
    [allowPrivilegeEscalation === false, 'may gain privileges'],
    [readOnlyRootFilesystem === true, 'writes to its root file system'],
    [dropped?.includes('ALL') === true, 'keeps capabilities'],
    [requests?.cpu !== undefined && requests.memory !== undefined, 'asks for no CPU or memory'],
    [limits?.memory !== undefined, 'has no memory limit'],
    [
      /:[^:]+$/.test(container.image) && !container.image.endsWith(':latest'),
      'has an image without a version',
    ],
  ];
  for (const probe of lasting ? ['startupProbe', 'livenessProbe', 'readinessProbe'] : []) {
    rules.push([container[probe] !== undefined, `has no ${probe}`]);
  }
  return failed(rules).map((problem) => `(${container.name}) ${problem}`);
}

function hasBudget(deployment: Manifest, manifests: readonly Manifest[]): boolean {
  const labels = deployment.spec?.template?.metadata?.labels ?? {};
  return manifests.some(({ kind, spec }) => {
    const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
    return (
      kind === 'PodDisruptionBudget' &&
      wanted.length > 0 &&
      wanted.every(([key, value]) => labels[key] === value)
    );
  });
}

function failed(rules: readonly [boolean, string][]): string[] {
  return rules.filter(([holds]) => !holds).map(([, problem]) => problem);
}
