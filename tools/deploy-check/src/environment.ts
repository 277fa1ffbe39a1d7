import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { migrationConfig, serviceSchema, streamsConfig } from '@parley/service';
import type { z } from 'zod';

import type { Container, Manifest } from './manifests.ts';

const SHARED = 'parley-config';

/** A workload that must be there, and the schema of the environment that its first container reads. */
export interface Expected {
  readonly kind: 'Deployment' | 'Job';
  readonly name: string;
  readonly schema: z.ZodObject;
}

/** The Job that makes the streams. */
export const streamsJob: Expected = { kind: 'Job', name: 'nats-streams', schema: streamsConfig };

/**
 * A service's process and its migration, by the schema that `apps/<service>/src/config.ts` exports as `configSchema`;
 * nothing for an app without one.
 */
export async function expectedOf(root: string, service: string): Promise<Expected[]> {
  const path = join(root, 'apps', service, 'src', 'config.ts');
  if (!existsSync(path)) return [];
  const { configSchema } = (await import(pathToFileURL(path).href)) as { configSchema: z.ZodObject };
  return [
    { kind: 'Deployment', name: service, schema: serviceSchema(configSchema) },
    { kind: 'Job', name: `${service}-migration`, schema: migrationConfig },
  ];
}

/** Compares what manifests set with what workloads read: no name that nobody reads, no required one that is missing. */
export function environmentProblems(manifests: readonly Manifest[], expected: readonly Expected[]): string[] {
  const shared = manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(SHARED),
  );
  const sharedNames = Object.keys(shared?.data ?? {});
  const known = new Set(expected.flatMap(({ schema }) => Object.keys(schema.shape)));
  const unread = sharedNames.filter((name) => !known.has(name));
  return [
    ...unread.map((name) => `${SHARED} sets ${name}, which no service reads`),
    ...expected.flatMap((each) => workloadProblems(manifests, each, sharedNames)),
  ];
}

function workloadProblems(
  manifests: readonly Manifest[],
  expected: Expected,
  shared: readonly string[],
): string[] {
  const { kind, name, schema } = expected;
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  const container = found?.spec?.template?.spec.containers[0];
  if (container === undefined) return [`${kind} ${name} has no manifest below deploy/base`];
  const own = (container.env ?? []).map((entry) => entry.name);
  const set = new Set([...certainNames(container), ...(container.envFrom === undefined ? [] : shared)]);
  const unread = own.filter((variable) => !(variable in schema.shape));
  const missing = Object.keys(schema.shape).filter(
    (variable) => isRequired(schema, variable) && !set.has(variable),
  );
  return [
    ...unread.map((variable) => `${name} is given ${variable}, which it does not read`),
    ...missing.map((variable) => `${name} is not given ${variable}, which it needs`),
    ...keyProblems(name, container),
  ];
}

/** Each service is given the operation keys of its own NATS user, and no others. */
function keyProblems(name: string, { env = [] }: Container): string[] {
  const user = env.find((entry) => entry.name === 'NATS_USER')?.value;
  if (user === undefined) return [];
  const keys = env.find((entry) => entry.name === 'OPERATION_KEYS')?.valueFrom?.secretKeyRef?.key;
  return keys === `${user}.json` ? [] : [`${name} is not given the operation keys of ${user}`];
}

function certainNames({ env = [] }: Container): string[] {
  return env.filter(({ valueFrom }) => valueFrom?.secretKeyRef?.optional !== true).map((entry) => entry.name);
}

function isRequired(schema: z.ZodObject, variable: string): boolean {
  const field = schema.shape[variable] as z.ZodType | undefined;
  return field !== undefined && !field.safeParse(undefined).success;
}
