import type { Msg } from '@nats-io/transport-node';
import {
  domainOf,
  domainOwners,
  headerNames,
  type Principal,
  PrincipalSchema,
  ProblemError,
  unavailable,
} from '@parley/contracts';
import { hashBody, isSignedBy, type OperationKeys, type SignedRequest } from './operation-keys.ts';

/** Clocks of two machines may differ by so much. */
const CLOCK_SKEW_MS = 1000;
/** As long as the answer of a command without a key is kept: within it a repeated request acts once. */
const MAX_DEADLINE_MS = 300_000;

/** The service that signs requests of accounts, keys and visitors. */
const gateway: string = domainOwners.channel;

/**
 * Checks who sent a request before anything of it is used: the caller's signature, whom the caller may speak for, and
 * the deadline, so that an old request cannot be sent again.
 * @throws ProblemError 503 for a request that is not trusted or has expired
 */
export function verifyRequest(message: Msg, operation: string, keys: OperationKeys): Principal {
  const header = (name: string): string => (message.headers?.get(name) ?? '').trim();
  const caller = header(headerNames.caller);
  const signed: SignedRequest = {
    caller,
    owner: domainOwners[domainOf(operation) as keyof typeof domainOwners],
    operation,
    requestId: header(headerNames.requestId),
    deadline: header(headerNames.deadline),
    principal: header(headerNames.principal),
    idempotencyKey: header(headerNames.idempotencyKey),
    ifMatch: header(headerNames.ifMatch),
    bodyHash: hashBody(message.data),
  };
  if (!isSignedBy(keys.accepted(caller), signed, header(headerNames.signature)))
    throw untrusted(`its signature does not belong to the service "${caller}"`);
  requireDeadline(Number(signed.deadline));
  const principal = PrincipalSchema.parse(JSON.parse(signed.principal));
  if (!canVouchFor(caller, principal))
    throw untrusted(`the service "${caller}" may not speak for its principal`);
  return principal;
}

/** The gateway vouches for people, keys and visitors; any other service for itself alone. */
function canVouchFor(caller: string, principal: Principal): boolean {
  return principal.type === 'service' ? principal.id === caller : caller === gateway;
}

function requireDeadline(deadline: number): void {
  const left = deadline - Date.now();
  if (!(left >= -CLOCK_SKEW_MS))
    throw unavailable(
      'The deadline of this request has passed. Check whether the clocks of the machines agree.',
    );
  if (left > MAX_DEADLINE_MS) throw untrusted('its deadline is too far away');
}

/** An answer of 503: it is the installation's configuration that is wrong, never the caller's request. */
function untrusted(reason: string): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'request_not_trusted',
    detail: `The request was refused: ${reason}. Check the operation keys of both services.`,
  });
}
