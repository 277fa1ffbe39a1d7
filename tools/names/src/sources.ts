import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Root of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A parsed TypeScript file. */
export interface Source {
  /** Path below the root, such as `apps/identity/src/config.ts`. */
  readonly path: string;
  /** Its project, such as `apps/identity`. */
  readonly project: string;
  readonly file: ts.SourceFile;
}

/** TypeScript files of all projects in these folders, without specs and helpers of specs, sorted by path. */
export function readSources(folders: readonly string[] = ['apps', 'libs', 'tools']): Source[] {
  const projects = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}`),
  );
  return projects.flatMap((project) =>
    filesOf(join(root, project, 'src')).map((path) => parse(project, path)),
  );
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => join(folder, name));
}

function parse(project: string, path: string): Source {
  const text = readFileSync(path, 'utf8');
  return {
    path: relative(root, path),
    project,
    file: ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true),
  };
}

/** Calls `visit` with every node of a file. */
export function walk(source: Source, visit: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(source.file);
}
