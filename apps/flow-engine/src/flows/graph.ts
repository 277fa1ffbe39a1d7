import { type Graph, jsonPointer, type ProblemDetail, problemDetails } from '@parley/contracts';
import { stepType } from '../steps/index.ts';
import type { StepReference, StepType } from '../steps/step.ts';
import { circlesWithoutWaiting } from './circles.ts';

type Step = Graph['steps'][number];

/** The graph of the flow that an agent without a flow of its own gets. */
export function generatedGraph(): Graph {
  return { start: 'agent', steps: [{ id: 'agent', type: 'agent', settings: {}, outcomes: {} }] };
}

/** What is wrong with a draft by itself, as JSON pointers into the request; empty when it can be published. */
export function graphProblems(graph: Graph): ProblemDetail[] {
  const ids = new Set(graph.steps.map((step) => step.id));
  const problems: ProblemDetail[] = [];
  if (!ids.has(graph.start))
    problems.push({ pointer: '/draft/start', detail: `names no step: "${graph.start}"` });
  if (ids.size !== graph.steps.length) problems.push(...duplicates(graph));
  for (const [index, step] of graph.steps.entries()) problems.push(...stepProblems(step, index, ids));
  return [...problems, ...circleProblems(graph)];
}

/** What the steps of a graph name outside of it, with JSON pointers into the request. */
export function graphReferences(graph: Graph): StepReference[] {
  return graph.steps.flatMap((step, index) => {
    const known = settingsOf(step);
    const named = known?.type.references?.(known.settings) ?? [];
    return named.map((one) => ({ ...one, pointer: `/draft/steps/${index}/settings${one.pointer}` }));
  });
}

/** The type of a step with its settings, where both are known and fit. */
function settingsOf(step: Step): { type: StepType; settings: Parameters<StepType['advance']>[0] } | null {
  const type = stepType(step.type);
  const settings = type?.settings.safeParse(step.settings);
  return type && settings?.success ? { type, settings: settings.data } : null;
}

function duplicates(graph: Graph): ProblemDetail[] {
  const seen = new Set<string>();
  return graph.steps.flatMap(({ id }, index) => {
    if (seen.has(id))
      return [{ pointer: `/draft/steps/${index}/id`, detail: `is also the id of an earlier step: "${id}"` }];
    seen.add(id);
    return [];
  });
}

function stepProblems(step: Step, index: number, ids: ReadonlySet<string>): ProblemDetail[] {
  const at = `/draft/steps/${index}`;
  const type = stepType(step.type);
  if (!type)
    return [
      { pointer: `${at}/type`, detail: `is not a type of step: "${step.type}"; GET /step-types lists them` },
    ];
  const settings = type.settings.safeParse(step.settings);
  const found = settings.success ? (type.problems?.(settings.data) ?? []) : problemDetails(settings.error);
  const outcomes = settings.success
    ? new Set([...type.outcomes, ...(type.outcomesOf?.(settings.data) ?? [])])
    : null;
  return [
    ...found.map(({ pointer, detail }) => ({ pointer: `${at}/settings${pointer}`, detail })),
    ...outcomeProblems(step, at, { ids, outcomes }),
  ];
}

/** @param known `outcomes` is null where broken settings leave them open */
function outcomeProblems(
  step: Step,
  at: string,
  { ids, outcomes }: { ids: ReadonlySet<string>; outcomes: ReadonlySet<string> | null },
): ProblemDetail[] {
  return Object.entries(step.outcomes).flatMap(([outcome, next]) => {
    const pointer = at + jsonPointer(['outcomes', outcome]);
    const names = [...(outcomes ?? [])].map((name) => `"${name}"`).join(', ');
    if (outcomes && !outcomes.has(outcome))
      return [{ pointer, detail: `is not an outcome of this step; it has ${names || 'none'}` }];
    return ids.has(next) ? [] : [{ pointer, detail: `names no step: "${next}"` }];
  });
}

function circleProblems(graph: Graph): ProblemDetail[] {
  const waits = (step: Step): boolean => stepType(step.type)?.waits ?? true;
  return circlesWithoutWaiting(graph, waits).map(({ steps, last, outcome }) => {
    const index = graph.steps.findIndex(({ id }) => id === last);
    const way = [...steps, steps[0] ?? ''].map((id) => `"${id}"`).join(' → ');
    return {
      pointer: `/draft/steps/${index}` + jsonPointer(['outcomes', outcome]),
      detail: `closes a circle in which no step waits: ${way}. Put a step that waits into it, such as listen.`,
    };
  });
}
