import { ProblemSchema } from '@parley/contracts';
import type { Answer } from './calls.ts';

/** Inner workings that no answer may show. */
const INSIDE = /\n\s+at |\.(?:ts|js):\d+|node_modules|postgres|kysely|SELECT |INSERT /i;

/**
 * Says what is wrong with an answer; null when it is as it should be.
 * @param status what is expected; null: anything save a failure of the server
 * @param pointer one of the problem's places, or what it lies in
 */
export function faultOf(
  { status, type, text }: Answer,
  expected: number | null,
  pointer?: string,
): string | null {
  const right = expected === null ? status < 500 : status === expected;
  if (!right) return `${status} in place of ${expected ?? 'less than 500'}: ${text.slice(0, 300)}`;
  if (status < 400) return null;
  const problem = ProblemSchema.safeParse(jsonOf(text));
  if (!problem.success || !type.startsWith('application/problem+json'))
    return `no problem details: ${type} ${text.slice(0, 300)}`;
  if (INSIDE.test(text)) return `tells of its inside: ${text.slice(0, 300)}`;
  const { errors = [] } = problem.data;
  if (pointer === undefined || errors.some((error) => error.pointer.startsWith(pointer))) return null;
  return `does not point to ${pointer}: ${text.slice(0, 300)}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
