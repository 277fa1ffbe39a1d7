import {
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  ProblemError,
  servicePrincipal,
  unavailable,
} from '@parley/contracts';
import type { OperationClient } from './operation-client.ts';

const LOOKUP_MS = 3000;

/** Who asks for a referenced resource: a service vouches for itself. */
export interface ReferenceLookup {
  /** Name of the asking service. */
  service: string;
  spaceId: string;
}

/**
 * A resource of another service that the asker's own projection does not know yet, as its owner has it; null where the
 * owner does not know it either. Call it from a method marked `BeforeOperation`, never inside a transaction.
 * @throws ProblemError 503 when the owner does not answer in time
 */
export async function findReferenced<Definition extends OperationDefinition>(
  operations: Pick<OperationClient, 'request'>,
  definition: Definition,
  input: OperationRequest<Definition>,
  { service, spaceId }: ReferenceLookup,
): Promise<OperationOutput<Definition> | null> {
  try {
    const options = { principal: servicePrincipal(service, spaceId), deadlineMs: LOOKUP_MS };
    return (await operations.request(definition, input, options)).body;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // An id of another kind than the owner's is no resource of it.
    if (error.status === 404 || error.status === 400) return null;
    if (error.status < 500) throw error;
    throw unavailable('A reference could not be checked: its owner does not answer. Try again in a second.');
  }
}
