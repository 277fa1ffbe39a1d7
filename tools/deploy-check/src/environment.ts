import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { migrationConfig, serviceSchema } from '@parley/service';
import type { z } from 'zod';

import type { Container, Manifest } from './manifests.ts';

const SHARED = 'parley-config';

/** The environment schemas of a service: of the process, and of its migration. */
export interface Schemas {
  readonly service: string;
  readonly process: z.ZodObject;
  readonly migration: z.ZodObject;
}

/** Reads the schema that `apps/<service>/src/config.ts` exports as `configSchema`; nothing for other workloads. */
export async function schemasOf(root: string, service: string): Promise<Schemas | undefined> {
  const path = join(root, 'apps', service, 'src', 'config.ts');
  if (!existsSync(path)) return undefined;
  const { configSchema } = (await import(pathToFileURL(path).href)) as { configSchema: z.ZodObject };
  return { service, process: serviceSchema(configSchema), migration: migrationConfig };
}

/** Compares what manifests set with what services read: no name that nobody reads, no required one that is missing. */
export function environmentProblems(manifests: readonly Manifest[], schemas: readonly Schemas[]): string[] {
  const shared = manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(SHARED),
  );
  const sharedNames = Object.keys(shared?.data ?? {});
  const known = new Set(schemas.flatMap(({ process }) => Object.keys(process.shape)));
  const unread = sharedNames
    .filter((name) => !known.has(name))
    .map((name) => `${SHARED} sets ${name}, which no service reads`);
  return [...unread, ...schemas.flatMap((each) => serviceProblems(manifests, each, sharedNames))];
}

function serviceProblems(
  manifests: readonly Manifest[],
  schemas: Schemas,
  shared: readonly string[],
): string[] {
  const { service, process, migration } = schemas;
  return [
    ...containerProblems(container(manifests, 'Deployment', service), {
      name: service,
      schema: process,
      shared,
    }),
    ...containerProblems(container(manifests, 'Job', `${service}-migration`), {
      name: `${service}-migration`,
      schema: migration,
      shared,
    }),
  ];
}

interface Expected {
  readonly name: string;
  readonly schema: z.ZodObject;
  readonly shared: readonly string[];
}

function containerProblems(found: Container | undefined, { name, schema, shared }: Expected): string[] {
  if (found === undefined) return [`${name} has no manifest: see deploy/base/<service>`];
  const own = (found.env ?? []).map((entry) => entry.name);
  const certain = (found.env ?? [])
    .filter(({ valueFrom }) => valueFrom?.secretKeyRef?.optional !== true)
    .map((entry) => entry.name);
  const set = new Set([...certain, ...(found.envFrom === undefined ? [] : shared)]);
  const unread = own
    .filter((variable) => !(variable in schema.shape))
    .map((variable) => `${name} is given ${variable}, which it does not read`);
  const required = Object.keys(schema.shape).filter((variable) => isRequired(schema, variable));
  const missing = required
    .filter((variable) => !set.has(variable))
    .map((variable) => `${name} is not given ${variable}, which it needs`);
  return [...unread, ...missing];
}

function isRequired(schema: z.ZodObject, variable: string): boolean {
  const field = schema.shape[variable] as z.ZodType | undefined;
  return field !== undefined && !field.safeParse(undefined).success;
}

function container(manifests: readonly Manifest[], kind: string, name: string): Container | undefined {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  return found?.spec?.template?.spec.containers[0];
}
