import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { environmentProblems, expectedOf, streamsJob } from './environment.ts';
import type { Expected } from './environment.ts';
import { parseManifests, render, schemaProblems } from './manifests.ts';
import { networkProblems, workloadProblems } from './rules.ts';

/** What a rendered folder holds and what is wrong with it. */
export interface Checked {
  readonly folder: string;
  readonly objects: number;
  readonly problems: readonly string[];
}

/** Renders and checks `deploy/base` and every overlay of the workspace at `root`, without a cluster or network. */
export async function checkDeployment(root: string): Promise<Checked[]> {
  const deploy = join(root, 'deploy');
  const overlays = (await readdir(join(deploy, 'overlays'))).map((name) => join('overlays', name));
  const expected = await allExpected(root);
  const checked: Checked[] = [];
  for (const folder of ['base', ...overlays.sort()])
    checked.push(await checkFolder(join(deploy, folder), folder, expected));
  return checked;
}

async function checkFolder(path: string, folder: string, expected: readonly Expected[]): Promise<Checked> {
  const rendered = await render(path);
  const manifests = parseManifests(rendered);
  const problems = [
    ...(await schemaProblems(rendered)),
    ...workloadProblems(manifests),
    ...networkProblems(manifests),
    ...environmentProblems(manifests, expected),
  ];
  return { folder, objects: manifests.length, problems };
}

async function allExpected(root: string): Promise<Expected[]> {
  const apps = await readdir(join(root, 'apps'));
  const services = await Promise.all(apps.sort().map((service) => expectedOf(root, service)));
  return [...services.flat(), streamsJob];
}
