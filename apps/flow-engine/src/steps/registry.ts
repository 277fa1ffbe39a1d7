import type { StepType } from './step.ts';

const byType = new Map<string, StepType>();

/**
 * Adds types of steps.
 * @throws Error when a type is registered already
 */
export function registerSteps(steps: readonly unknown[]): void {
  for (const step of steps as readonly StepType[]) {
    if (byType.has(step.type)) throw new Error(`The step type "${step.type}" is registered twice.`);
    byType.set(step.type, step);
  }
}

export function stepTypes(): StepType[] {
  return [...byType.values()];
}

export function stepType(type: string): StepType | undefined {
  return byType.get(type);
}
