import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { parseAllDocuments } from 'yaml';

import { goTool } from './go-tools.ts';

const run = promisify(execFile);

/** A Kubernetes object, as far as the checks look into it. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: PodTemplate; readonly selector?: { readonly matchLabels?: Labels } };
  readonly data?: Readonly<Record<string, string>>;
}

type Labels = Readonly<Record<string, string>>;

interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec: PodSpec;
}

/** What runs in a pod. */
export interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly name: string }[];
}

/** One container and its environment. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { optional?: boolean; key?: string } };
  }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Renders a kustomize folder, offline. */
export async function render(folder: string): Promise<string> {
  const { stdout } = await run(await goTool('kustomize'), ['build', folder], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** The objects of a rendered text. */
export function parseManifests(rendered: string): Manifest[] {
  return parseAllDocuments(rendered).map((document) => document.toJS() as Manifest);
}

/** Checks objects against the OpenAPI schemas of Kubernetes; answers what it complains about, nothing when all is well. */
export async function schemaProblems(rendered: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-manifests-'));
  try {
    const file = join(folder, 'all.yaml');
    await writeFile(file, rendered);
    // 1.30 is the newest API whose schemas the program carries with it.
    await run(await goTool('kubectl-validate'), [file, '--version', '1.30']);
    return [];
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    if (stdout === '' && stderr === '') throw error;
    return `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('nvalid') || line.includes('rror'));
  } finally {
    await rm(folder, { recursive: true });
  }
}
