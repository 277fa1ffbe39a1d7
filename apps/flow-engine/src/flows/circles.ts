import type { Graph } from '@parley/contracts';

type Step = Graph['steps'][number];

/** A circle of steps: their ids in order, and the outcome that closes it. */
export interface Circle {
  steps: string[];
  /** The step whose outcome leads back to the first one. */
  last: string;
  outcome: string;
}

/**
 * Circles of a graph in which no step waits: a run that enters one never leaves it. Each step that lies on such a circle is
 * named in one of them at least.
 *
 * @param waits whether a step waits before it is left
 */
export function circlesWithoutWaiting(graph: Graph, waits: (step: Step) => boolean): Circle[] {
  const passing = new Map(graph.steps.filter((step) => !waits(step)).map((step) => [step.id, step]));
  const circles: Circle[] = [];
  const done = new Set<string>();
  for (const id of passing.keys()) visit(id, [], new Set());
  return circles;

  /** Depth-first: an edge back to a step on the path closes a circle. */
  function visit(id: string, path: readonly string[], onPath: ReadonlySet<string>): void {
    if (done.has(id)) return;
    const [here, on] = [[...path, id], new Set([...onPath, id])];
    for (const [outcome, target] of Object.entries(passing.get(id)?.outcomes ?? {})) {
      if (on.has(target)) circles.push({ steps: here.slice(here.indexOf(target)), last: id, outcome });
      else if (passing.has(target)) visit(target, here, on);
    }
    done.add(id);
  }
}
