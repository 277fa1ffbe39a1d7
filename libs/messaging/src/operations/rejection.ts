import { type ProblemError, toProblem } from '@parley/contracts';

/**
 * What a command's handler returns, instead of throwing, where the caller is refused and the effects stay: they are committed,
 * the refusal is kept as the command's answer.
 */
export class Rejection {
  readonly problem: ProblemError;

  constructor(problem: ProblemError) {
    this.problem = problem;
  }
}

/** An answer as it is sent and kept; a handler that returns nothing answers null. */
export function toText(output: unknown, requestId: string): string {
  if (output instanceof Rejection) return JSON.stringify(toProblem(output.problem, requestId));
  return JSON.stringify(output ?? null);
}
