import { createHash } from 'node:crypto';
import type { Msg } from '@nats-io/transport-node';
import {
  badRequest,
  headerNames,
  type OperationDefinition,
  type Principal,
  problemDetails,
  requireStorable,
} from '@parley/contracts';
import type { CommandRequest } from './command.repository.ts';

const KEEP_SECONDS = 24 * 3600;
const KEEP_WITHOUT_KEY_SECONDS = 300;
const KEEP_SECRET_SECONDS = 600;

/** A request, read and checked. */
export interface OperationRequestMessage {
  definition: OperationDefinition;
  input: Record<string, unknown>;
  text: string;
  principal: Principal;
  requestId: string;
  idempotencyKey: string | null;
  ifMatch: string | null;
  deadline: number;
  before: unknown;
}

/** Reads and checks a request whose principal has been verified.
 * @throws ProblemError 400
 */
export function readRequest(
  message: Msg,
  definition: OperationDefinition,
  principal: Principal,
): OperationRequestMessage {
  const header = (name: string): string => message.headers?.get(name) ?? '';
  const text = message.string();
  const given = toJson(text);
  requireStorable(given);
  const input = definition.input.safeParse(given);
  if (!input.success)
    throw badRequest('The request has unknown or wrong fields.', problemDetails(input.error));
  return {
    definition,
    input: input.data as Record<string, unknown>,
    text,
    principal,
    requestId: header(headerNames.requestId),
    idempotencyKey: header(headerNames.idempotencyKey) || null,
    ifMatch: header(headerNames.ifMatch) || null,
    deadline: Number(header(headerNames.deadline)),
    before: undefined,
  };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The request is not JSON.');
  }
}

/** The spaces that a request may see: the one it names, else all of its principal. */
export function spacesOf({ input, principal }: OperationRequestMessage): string[] {
  const { spaceId } = input;
  return typeof spaceId === 'string' ? [spaceId] : Object.keys(principal.spaces);
}

/** What a command is known by, so that it acts once. */
export function commandOf(request: OperationRequestMessage): CommandRequest {
  const { definition, input, principal, requestId, idempotencyKey, text } = request;
  const spaceId = typeof input['spaceId'] === 'string' ? input['spaceId'] : '_';
  const kept = idempotencyKey ? KEEP_SECONDS : KEEP_WITHOUT_KEY_SECONDS;
  return {
    scope: `${spaceId}/${principal.type}/${principal.id}/${idempotencyKey ? 'key' : 'request'}`,
    key: idempotencyKey ?? requestId,
    spaceId,
    requestId,
    requestHash: createHash('sha256').update(`${definition.name}\n${text}`).digest('base64url'),
    keepSeconds: definition.secret ? Math.min(kept, KEEP_SECRET_SECONDS) : kept,
  };
}
