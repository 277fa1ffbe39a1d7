import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import type { Source } from './sources.ts';

type Graph = Map<string, Set<string>>;

/**
 * Imports between subject folders of one project that are part of a circle, as `apps/x: calls -> rooms`. Imports of types
 * count: a circle of folders cannot be understood or moved part by part.
 */
export function folderCircles(sources: readonly Source[]): string[] {
  return circles(sources, ({ path, project }) => {
    const [folder, ...rest] = path.slice(`${project}/src/`.length).split('/');
    return rest.length === 0 || folder === undefined ? null : folder;
  });
}

/** Imports between files of one project that are part of a circle, types included. */
export function fileCircles(sources: readonly Source[]): string[] {
  return circles(sources, ({ path, project }) => path.slice(`${project}/src/`.length));
}

function circles(sources: readonly Source[], nodeOf: (source: Source) => string | null): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const graphs = new Map<string, Graph>();
  for (const source of sources) {
    const from = nodeOf(source);
    for (const path of importsOf(source)) {
      const target = byPath.get(path);
      const to = target?.project === source.project ? nodeOf(target) : null;
      if (from === null || to === null || from === to) continue;
      const graph = graphs.get(source.project) ?? new Map<string, Set<string>>();
      graphs.set(source.project, graph.set(from, (graph.get(from) ?? new Set()).add(to)));
    }
  }
  return [...graphs]
    .flatMap(([project, graph]) => edgesInCircles(graph).map((edge) => `${project}: ${edge}`))
    .sort();
}

/** An edge is part of a circle when its end reaches its beginning. */
function edgesInCircles(graph: Graph): string[] {
  return [...graph].flatMap(([from, targets]) =>
    [...targets].filter((to) => reaches(graph, to, from)).map((to) => `${from} -> ${to}`),
  );
}

function reaches(graph: Graph, start: string, end: string): boolean {
  const seen = new Set<string>();
  const queue = [start];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (node === end) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    queue.push(...(graph.get(node) ?? []));
  }
  return false;
}

function importsOf({ file, path }: Source): string[] {
  return file.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier: specifier } = statement;
    if (!specifier || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return [];
    return [normalize(join(dirname(path), specifier.text))];
  });
}
