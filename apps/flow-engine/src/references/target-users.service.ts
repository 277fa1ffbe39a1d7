import { Injectable } from '@nestjs/common';
import { listTargetingChannels, ProblemError, servicePrincipal } from '@parley/contracts';
import { OperationClient } from '@parley/messaging';

/** Somebody that needs an agent or flow to answer. */
export interface TargetUser {
  kind: 'channel' | 'agent' | 'flow';
  id: string;
  name: string | null;
}

/** How long the owner of channels may take. */
const DEADLINE_MS = 5000;
/** How many are named in the sentence; the errors name all that are known. */
const NAMED = 5;

/** Knows which channels an agent or flow answers, by asking their owner. */
@Injectable()
export class TargetUsers {
  constructor(private readonly operations: OperationClient) {}

  /** Call it outside a transaction. */
  async channelsOf(spaceId: string, target: { agentId: string } | { flowId: string }): Promise<TargetUser[]> {
    const options = { principal: servicePrincipal('flow-engine', spaceId), deadlineMs: DEADLINE_MS };
    const { body } = await this.operations.request(listTargetingChannels, { spaceId, target }, options);
    return body.channels.map(({ id, name }) => ({ kind: 'channel', id, name }));
  }
}

/** Refuses to delete what others need. @throws ProblemError 409 that names them */
export function requireUnused(what: 'agent' | 'flow', users: readonly TargetUser[]): void {
  if (users.length === 0) return;
  const names = users.map(({ kind, id, name }) => `${kind} ${name === null ? id : `"${name}" (${id})`}`);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  throw new ProblemError({
    status: 409,
    code: 'target_in_use',
    detail: `The ${what} is in use by ${names.slice(0, NAMED).join(', ')}${more}. Give them another one, then delete this ${what}.`,
    errors: names.slice(0, 50).map((name) => ({ pointer: '', detail: `is used by ${name}` })),
  });
}
