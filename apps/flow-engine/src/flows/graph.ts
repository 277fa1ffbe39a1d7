import type { Graph, ProblemDetail } from '@parley/contracts';
import { problemDetails } from '@parley/contracts';
import { stepType } from '../steps/index.ts';

/** The graph of the flow that an agent without a flow of its own gets. */
export function generatedGraph(): Graph {
  return { start: 'agent', steps: [{ id: 'agent', type: 'agent', settings: {}, outcomes: {} }] };
}

/** What is wrong with a draft, as JSON pointers into the request; empty when it can be published. */
export function graphProblems(graph: Graph): ProblemDetail[] {
  const ids = new Set(graph.steps.map((step) => step.id));
  const problems: ProblemDetail[] = [];
  if (!ids.has(graph.start))
    problems.push({ pointer: '/draft/start', detail: `names no step: "${graph.start}"` });
  if (ids.size !== graph.steps.length)
    problems.push({ pointer: '/draft/steps', detail: 'holds two steps with one id' });
  for (const [index, step] of graph.steps.entries()) problems.push(...stepProblems(step, index, ids));
  return problems;
}

function stepProblems(
  step: Graph['steps'][number],
  index: number,
  ids: ReadonlySet<string>,
): ProblemDetail[] {
  const at = `/draft/steps/${index}`;
  const type = stepType(step.type);
  if (!type)
    return [
      { pointer: `${at}/type`, detail: `is not a type of step: "${step.type}"; GET /step-types lists them` },
    ];
  const settings = type.settings.safeParse(step.settings);
  const found = settings.success
    ? []
    : problemDetails(settings.error).map(({ pointer, detail }) => ({
        pointer: `${at}/settings${pointer}`,
        detail,
      }));
  for (const [outcome, next] of Object.entries(step.outcomes)) {
    if (!ids.has(next))
      found.push({ pointer: `${at}/outcomes/${outcome}`, detail: `names no step: "${next}"` });
  }
  return found;
}
