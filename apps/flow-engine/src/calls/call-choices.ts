import type { Graph } from '@parley/contracts';
import type { Language } from '@parley/text';
import { reduce } from '../runs/reducer.ts';
import type { LoadedRun } from '../runs/runs.service.ts';
import { stepType } from '../steps/index.ts';
import type { StepChoices } from '../steps/step.ts';

type Step = Graph['steps'][number];

/** What the step of a run that waits understands now, with the steps that its message goes on to. Pure. */
export function choicesOf(run: LoadedRun, language: Language): StepChoices {
  const { stepId, stepState } = stateOf(run);
  const found: StepChoices = { phrases: [], costly: false };
  const seen = new Set<string>();
  let step = stepOf(run.graph, stepId);
  let state = stepState;
  while (step && !seen.has(step.id)) {
    seen.add(step.id);
    const own = ownChoices(step, state, language);
    found.phrases.push(...(own?.phrases ?? []));
    found.costly ||= own?.costly ?? false;
    step = stepOf(run.graph, goesOn(step));
    state = {};
  }
  return { phrases: [...new Set(found.phrases)], costly: found.costly };
}

/** Where a run stands; one that has not begun yet goes as far as it will go by itself. */
function stateOf(run: LoadedRun): Pick<LoadedRun['state'], 'stepId' | 'stepState'> {
  if (run.revision !== null) return run.state;
  try {
    return reduce(run.graph, run.state, { kind: 'enter', fresh: true, messageId: null }).state;
  } catch {
    // A step that cannot be taken fails its turn: here it only understands nothing.
    return run.state;
  }
}

function stepOf(graph: Graph, id: string | null | undefined): Step | undefined {
  return graph.steps.find((step) => step.id === id);
}

function ownChoices(step: Step, state: Record<string, unknown>, language: Language): StepChoices | undefined {
  const type = stepType(step.type);
  const settings = type?.settings.safeParse(step.settings);
  return settings?.success ? type?.choices?.(settings.data, state, language) : undefined;
}

/** The step that gets the same message next: what was listened to is matched, and what no case takes may be matched again. */
function goesOn(step: Step): string | undefined {
  if (step.type === 'listen') return step.outcomes['next'];
  return step.type === 'match' ? step.outcomes['other'] : undefined;
}
