import { agentStep } from './agent/agent.step.ts';
import { endStep } from './end/end.step.ts';
import { handoffStep } from './handoff/handoff.step.ts';
import { listenStep } from './listen/listen.step.ts';
import { matchStep } from './match/match.step.ts';
import { sayStep } from './say/say.step.ts';
import type { StepType } from './step.ts';

/** Every type of step a flow can hold, one line each. */
const registered = [
  agentStep,
  endStep,
  handoffStep,
  listenStep,
  matchStep,
  sayStep,
] as unknown as readonly StepType[];

const byType = new Map(registered.map((step) => [step.type, step]));

export const stepTypes = registered;

export function stepType(type: string): StepType | undefined {
  return byType.get(type);
}
