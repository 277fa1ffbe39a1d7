import {
  badRequest,
  type ClientFrame,
  ClientFrameSchema,
  inputProblem,
  ProblemError,
} from '@parley/contracts';
import { readJson } from '../http/json.ts';

/** A frame, or why it is none; with the id of a post, so that its sender knows which one failed. */
export type ReadFrame =
  | { frame: ClientFrame; id?: undefined; problem?: undefined }
  | { frame?: undefined; id: string | undefined; problem: ProblemError };

/** Reads a client's frame by the rules of bodies: UTF-8, JSON, at most 64 levels deep, all text storable. */
export function readFrame(data: Buffer, binary: boolean): ReadFrame {
  let read: unknown;
  try {
    if (binary) throw badRequest('Frames are JSON text, not binary.');
    read = readJson(data);
  } catch (error) {
    return { id: undefined, problem: error as ProblemError };
  }
  const parsed = ClientFrameSchema.safeParse(read);
  if (parsed.success) return { frame: parsed.data };
  const { type, id } = (typeof read === 'object' && read !== null ? read : {}) as Record<string, unknown>;
  return { id: typeof id === 'string' ? id.slice(0, 200) : undefined, problem: problemOf(read, type) };
}

/** Says what is wrong by the schema of the frame's type; a type with several schemas is only named. */
function problemOf(read: unknown, type: unknown): ProblemError {
  const meant = ClientFrameSchema.options.filter((option) => option.shape.type.value === type);
  const [only] = meant;
  if (!only) return badRequest('The frame has no type of the protocol.');
  const parsed = meant.length === 1 ? only.safeParse(read) : undefined;
  if (!parsed?.error) return badRequest(`The frame is no "${only.shape.type.value}" of the protocol.`);
  const problem = inputProblem(parsed.error, 'The frame has unknown or wrong fields.');
  const places = (problem.errors ?? [])
    .slice(0, 5)
    .map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`);
  return new ProblemError({
    status: problem.status,
    code: problem.code,
    detail: [problem.message, ...places].join(' '),
  });
}
