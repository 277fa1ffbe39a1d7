import { setTimeout as sleep } from 'node:timers/promises';
import {
  headers,
  InvalidArgumentError,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  TimeoutError,
} from '@nats-io/transport-node';
import {
  domainOf,
  domainOwners,
  fromProblem,
  headerNames,
  newId,
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  operationSubject,
  outcomeUnknown,
  type Principal,
  type Problem,
  unavailable,
} from '@parley/contracts';
import { requireNoTransaction } from '@parley/database/transaction-scope';
import { currentTraceparent } from '../tracing.ts';
import { hashBody, type OperationKeys, signRequest } from './operation-keys.ts';

/** How an operation is asked. */
export interface RequestOptions {
  principal: Principal;
  /** Drawn when absent; repeats of an unanswered request carry the same. */
  requestId?: string;
  idempotencyKey?: string | null;
  /** `If-Match` of the caller, as it came. */
  ifMatch?: string | null;
  deadlineMs?: number;
}

/** An answer; `text` is its JSON, `replayed` tells that it was given before. */
export interface OperationAnswer<Output = unknown> {
  status: number;
  text: string;
  body: Output;
  replayed: boolean;
}

const MAX_OPEN = 1000;
const MIN_WAIT_MS = 50;
const MAX_WAIT_MS = 500;
const REPEAT_MS = 1000;
const DEADLINE_MS = 10_000;

/** Asks operations of their owners over NATS: bounded, repeated under the same request id until the deadline. */
export class OperationClient {
  private readonly nats: NatsConnection;
  private readonly keys: OperationKeys;
  private openCount = 0;

  constructor(nats: NatsConnection, keys: OperationKeys) {
    this.nats = nats;
    this.keys = keys;
  }

  /** Requests that wait for their answer. */
  get waiting(): number {
    return this.openCount;
  }

  /**
   * Asks and waits.
   * @throws ProblemError the owner's refusal; 503 when too much is open or nobody owns it; 504 when the outcome is not known
   */
  async request<Definition extends OperationDefinition>(
    definition: Definition,
    input: OperationRequest<Definition>,
    options: RequestOptions,
  ): Promise<OperationAnswer<OperationOutput<Definition>>> {
    requireNoTransaction(`The operation ${definition.name}`);
    if (this.openCount >= MAX_OPEN) throw unavailable('Too many requests are open. Try again in a second.');
    this.openCount += 1;
    try {
      const message = await this.requestUntilDeadline(definition, JSON.stringify(input), options);
      return toAnswer<OperationOutput<Definition>>(message);
    } finally {
      this.openCount -= 1;
    }
  }

  private async requestUntilDeadline(
    definition: OperationDefinition,
    text: string,
    options: RequestOptions,
  ): Promise<Msg> {
    const deadline = Date.now() + (options.deadlineMs ?? definition.deadlineMs ?? DEADLINE_MS);
    const sent = this.signedHeaders(definition, text, { ...options, deadline });
    let wait = MIN_WAIT_MS;
    let unanswered = false;
    for (;;) {
      const left = deadline - Date.now();
      if (left <= 0) throw deadlineProblem(definition);
      const found = await this.tryOnce(definition, text, sent, Math.min(REPEAT_MS, left));
      if (found === 'unanswered') {
        unanswered = true;
        continue;
      }
      // After a request without answer, a full process cannot say that nothing was done.
      if (found !== 'nobody' && !(unanswered && isUnavailable(found))) return found;
      await sleep(Math.min(wait, Math.max(0, deadline - Date.now())));
      wait = Math.min(MAX_WAIT_MS, wait * 2);
    }
  }

  /** Says who asks, signed with the key that this service shares with the owner. */
  private signedHeaders(
    { name }: OperationDefinition,
    text: string,
    options: RequestOptions & { deadline: number },
  ): MsgHdrs {
    const { service: caller } = this.keys;
    const owner = domainOwners[domainOf(name) as keyof typeof domainOwners];
    const key = this.keys.signing(owner);
    if (!key) throw new Error(`The operation keys of ${caller} hold none for ${owner}.`);
    const found = headersFor(options);
    // Values lose the white space around them on the way.
    const header = (of: string): string => found.get(of).trim();
    found.set(headerNames.caller, caller);
    const signature = signRequest(key, {
      ...{ caller, owner, operation: name, bodyHash: hashBody(text) },
      requestId: header(headerNames.requestId),
      deadline: header(headerNames.deadline),
      principal: header(headerNames.principal),
      idempotencyKey: header(headerNames.idempotencyKey),
      ifMatch: header(headerNames.ifMatch),
    });
    found.set(headerNames.signature, signature);
    return found;
  }

  private async tryOnce(
    definition: OperationDefinition,
    text: string,
    sent: MsgHdrs,
    timeout: number,
  ): Promise<Msg | 'unanswered' | 'nobody'> {
    try {
      return await this.nats.request(operationSubject(definition.name), text, { timeout, headers: sent });
    } catch (error) {
      if (error instanceof TimeoutError) return 'unanswered';
      if (this.nats.isClosed()) throw unavailable('The service is about to stop. Try again in a second.');
      if (error instanceof InvalidArgumentError) throw error;
      return 'nobody';
    }
  }
}

/** A query may simply be asked again; of a command nobody knows. */
function deadlineProblem(definition: OperationDefinition): Error {
  if (definition.kind === 'command') return outcomeUnknown();
  return unavailable('The service does not answer. Try again in a second.');
}

function isUnavailable(message: Msg): boolean {
  return message.headers?.get(headerNames.status) === '503';
}

function headersFor({ deadline, ...options }: RequestOptions & { deadline: number }): MsgHdrs {
  const found = headers();
  found.set(
    headerNames.principal,
    JSON.stringify(options.principal).replaceAll(/[\u0080-\uffff]/g, escapeChar),
  );
  found.set(headerNames.requestId, options.requestId ?? newId('req'));
  found.set(headerNames.deadline, String(deadline));
  if (options.idempotencyKey) found.set(headerNames.idempotencyKey, options.idempotencyKey);
  if (options.ifMatch) found.set(headerNames.ifMatch, options.ifMatch);
  const traceparent = currentTraceparent();
  if (traceparent) found.set(headerNames.traceparent, traceparent);
  return found;
}

/** Headers carry ASCII. */
function escapeChar(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function toAnswer<Output>(message: Msg): OperationAnswer<Output> {
  const status = Number(message.headers?.get(headerNames.status) ?? 500);
  const text = message.string();
  const body: unknown = JSON.parse(text);
  if (status >= 400)
    throw fromProblem(body as Problem, Number(message.headers?.get(headerNames.retryAfter)) || undefined);
  return {
    status,
    text,
    body: body as Output,
    replayed: message.headers?.get(headerNames.replayed) === 'true',
  };
}
