import { setTimeout as sleep } from 'node:timers/promises';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import {
  conflict,
  headerNames,
  operationQueue,
  operationSubject,
  type OperationDefinition,
  outcomeUnknown,
  type Problem,
  ProblemError,
  toProblem,
  unavailable,
  unprocessable,
} from '@parley/contracts';
import { type Database, isDataException, isRetryable, type Trx } from '@parley/database';
import { reasonOf } from '../errors.ts';
import type { MessagingLogger } from '../logger.ts';
import { underTrace } from '../tracing.ts';
import { requireMatch } from './etag.ts';
import type { CommandRepository, CommandRequest, KnownCommand } from './command.repository.ts';
import { commandOf, readRequest, type OperationRequestMessage, spacesOf } from './operation-request.ts';
import type {
  AfterHandler,
  BeforeContext,
  BeforeHandler,
  OperationContext,
  OperationHandler,
} from './operation-context.ts';
import type { OperationKeys } from './operation-keys.ts';
import { Rejection, toText } from './rejection.ts';
import { verifyRequest } from './verify-request.ts';

export type {
  AfterHandler,
  BeforeContext,
  BeforeHandler,
  OperationContext,
  OperationHandler,
} from './operation-context.ts';

/** Encrypts stored answers that hold secrets. */
export interface AnswerCipher {
  seal(text: string): string;
  open(sealed: string): string;
}

/** What a server of operations needs. */
export interface OperationServerParts {
  nats: NatsConnection;
  database: Database<unknown>;
  commands: CommandRepository;
  /** What requests are verified with. */
  keys: OperationKeys;
  logger: MessagingLogger;
  cipher: AnswerCipher;
  /** Operations at once; more are told to come back. */
  concurrency?: number;
}

/** What operations have come to, for metrics. */
export interface OperationStats {
  answered: number;
  refused: number;
  failed: number;
  open: number;
}

interface Reply {
  status: number;
  text: string;
  isReplayed: boolean;
}

/** Problem code of a request with a value that PostgreSQL rejects (SQLSTATE class 22). */
const INVALID_VALUE = 'invalid_value';

const MIN_WAIT_MS = 25;
const MAX_WAIT_MS = 200;

/** Answers the operations of one domain: queries in a transaction, commands once for each key. */
export class OperationServer {
  readonly stats: OperationStats = { answered: 0, refused: 0, failed: 0, open: 0 };
  private readonly parts: OperationServerParts;
  private readonly handlers = new Map<
    string,
    { definition: OperationDefinition; handler: OperationHandler }
  >();
  private readonly beforeHandlers = new Map<string, BeforeHandler>();
  private readonly afterHandlers = new Map<string, AfterHandler>();
  private readonly subscriptions: Subscription[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly inFlight = new Map<string, Promise<Reply>>();

  constructor(parts: OperationServerParts) {
    this.parts = parts;
  }

  /** Adds a handler; an operation has one. */
  add(definition: OperationDefinition, handler: OperationHandler): void {
    if (this.handlers.has(definition.name))
      throw new Error(`The operation ${definition.name} has two handlers.`);
    this.handlers.set(definition.name, { definition, handler });
  }

  /** Adds what is done before an operation's transaction. */
  addBefore(definition: OperationDefinition, before: BeforeHandler): void {
    if (this.beforeHandlers.has(definition.name))
      throw new Error(`The operation ${definition.name} has two methods before it.`);
    this.beforeHandlers.set(definition.name, before);
  }

  /** Adds what is done when an operation's transaction has committed, before it is answered. */
  addAfter(definition: OperationDefinition, after: AfterHandler): void {
    if (this.afterHandlers.has(definition.name))
      throw new Error(`The operation ${definition.name} has two methods after it.`);
    this.afterHandlers.set(definition.name, after);
  }

  /** Names of the operations that are answered here. */
  names(): string[] {
    return [...this.handlers.keys()];
  }

  start(): void {
    for (const [name, { definition, handler }] of this.handlers) {
      const callback = (error: unknown, message: Msg): void => {
        if (!error) this.track(this.serve(message, definition, handler));
      };
      this.subscriptions.push(
        this.parts.nats.subscribe(operationSubject(name), { queue: operationQueue(name), callback }),
      );
    }
  }

  /** Takes no new requests and waits for the open ones. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.subscriptions.map((subscription) => subscription.drain()));
    await Promise.allSettled(this.running);
  }

  private track(work: Promise<void>): void {
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private async serve(
    message: Msg,
    definition: OperationDefinition,
    handler: OperationHandler,
  ): Promise<void> {
    const requestId = message.headers?.get(headerNames.requestId) || 'unknown';
    try {
      const reply = await underTrace(message.headers?.get(headerNames.traceparent), () =>
        this.joinOrStart(this.read(message, definition), handler),
      );
      this.stats.answered += 1;
      respond(message, reply, {});
    } catch (error) {
      this.respondWithProblem(message, error, { requestId, name: definition.name });
    }
  }

  /** Nothing of a request is used before its signature has been verified. */
  private read(message: Msg, definition: OperationDefinition): OperationRequestMessage {
    const principal = verifyRequest(message, definition.name, this.parts.keys);
    return readRequest(message, definition, principal);
  }

  /** A repeat of a request that is at work in this process waits for its answer, and costs nothing. */
  private joinOrStart(request: OperationRequestMessage, handler: OperationHandler): Promise<Reply> {
    const { definition, principal, requestId } = request;
    const id = `${definition.name} ${principal.type} ${principal.id} ${requestId}`;
    const known = this.inFlight.get(id);
    if (known) return known;
    if (this.stats.open >= (this.parts.concurrency ?? 256))
      throw unavailable('The service has too much to do. Try again in a second.');
    this.stats.open += 1;
    const work = this.answerAndFollowUp(request, handler).finally(() => {
      this.stats.open -= 1;
      this.inFlight.delete(id);
    });
    this.inFlight.set(id, work);
    return work;
  }

  private respondWithProblem(message: Msg, error: unknown, about: { requestId: string; name: string }): void {
    const known = error instanceof ProblemError ? error : internalProblem(error);
    if (known.status >= 500) {
      this.stats.failed += 1;
      this.parts.logger.error(
        { operation: about.name, requestId: about.requestId, err: error },
        'Operation failed',
      );
    } else this.stats.refused += 1;
    if (known.code === INVALID_VALUE)
      this.parts.logger.warn(
        { operation: about.name, requestId: about.requestId, err: error },
        'The database rejected a value of a request',
      );
    const problem: Problem = toProblem(known, about.requestId);
    const extra: Record<string, string> = known.retryAfterSeconds
      ? { [headerNames.retryAfter]: String(known.retryAfterSeconds) }
      : {};
    try {
      respond(message, { status: known.status, text: JSON.stringify(problem), isReplayed: false }, extra);
    } catch (gone) {
      this.parts.logger.warn({ operation: about.name, err: gone }, 'Sending an operation reply failed');
    }
  }

  private async answerAndFollowUp(
    request: OperationRequestMessage,
    handler: OperationHandler,
  ): Promise<Reply> {
    const reply = await this.runUntilDeadline(request, handler);
    const after = this.afterHandlers.get(request.definition.name);
    if (!after || reply.status >= 400 || reply.isReplayed) return reply;
    try {
      const output = await after(JSON.parse(reply.text), beforeContext(request));
      const last = { ...reply, text: toText(output, request.requestId) };
      if (last.text !== reply.text && request.definition.kind === 'command')
        await this.storeReply(request, last);
      return last;
    } catch (error) {
      // What was committed stands, and is what was answered.
      this.parts.logger.warn(
        { operation: request.definition.name, err: error },
        'Follow-up of an operation failed, its first reply is sent',
      );
      return reply;
    }
  }

  /** The later answer is what repeats get. */
  private async storeReply(request: OperationRequestMessage, reply: Reply): Promise<void> {
    await this.parts.database.withSpaces(spacesOf(request), (trx) =>
      this.parts.commands.store(trx, commandOf(request), this.toStoredAnswer(request, reply)),
    );
  }

  private toStoredAnswer(
    { definition }: OperationRequestMessage,
    { status, text }: Reply,
  ): Parameters<CommandRepository['store']>[2] {
    const sealed = definition.secret === true;
    return { status, text: sealed ? this.parts.cipher.seal(text) : text, sealed };
  }

  /** Passing failures of the database are repeated until nobody waits any more. */
  private async runUntilDeadline(
    request: OperationRequestMessage,
    handler: OperationHandler,
  ): Promise<Reply> {
    const doubt = { committing: false };
    const before = this.beforeHandlers.get(request.definition.name);
    if (before) request.before = await before(request.input, beforeContext(request));
    for (let wait = MIN_WAIT_MS; ; wait = Math.min(MAX_WAIT_MS, wait * 2)) {
      try {
        return await (request.definition.kind === 'query'
          ? this.runQuery(request, handler)
          : this.runCommand(request, handler, doubt));
      } catch (error) {
        if (!isRetryable(error) && !(error instanceof StillRunning)) throw error;
        if (Date.now() + wait > request.deadline) throw deadlineProblem(error, doubt.committing);
        await sleep(wait);
      }
    }
  }

  private async runQuery(request: OperationRequestMessage, handler: OperationHandler): Promise<Reply> {
    return this.parts.database.withSpaces(spacesOf(request), async (trx) => {
      const output = await handler(request.input, this.context(request, trx));
      return {
        status: statusOf(request.definition, output),
        text: toText(output, request.requestId),
        isReplayed: false,
      };
    });
  }

  private async runCommand(
    request: OperationRequestMessage,
    handler: OperationHandler,
    doubt: { committing: boolean },
  ): Promise<Reply> {
    const claim = commandOf(request);
    return this.parts.database.withSpaces(spacesOf(request), async (trx) => {
      const state = await this.parts.commands.lock(trx, claim.scope, claim.key, claim.requestId);
      if (state === 'same_request') throw new StillRunning();
      if (state === 'other_request')
        throw conflict(
          'A request with this Idempotency-Key is still at work. Try again when it has ended.',
          'still_running',
        );
      if (!(await this.parts.commands.claim(trx, claim)))
        return this.replyOfKnown(claim, await this.parts.commands.find(trx, claim.scope, claim.key));
      const output = await handler(request.input, this.context(request, trx));
      const reply = {
        status: statusOf(request.definition, output),
        text: toText(output, request.requestId),
        isReplayed: false,
      };
      await this.parts.commands.store(trx, claim, this.toStoredAnswer(request, reply));
      // From here on a broken connection does not tell whether it was committed.
      doubt.committing = true;
      return reply;
    });
  }

  private replyOfKnown(claim: CommandRequest, known: KnownCommand | undefined): Reply {
    if (!known || known.status === null || known.answer === null) throw new StillRunning();
    if (known.requestHash !== claim.requestHash) {
      throw unprocessable(
        'This Idempotency-Key was used with another request. Use a new key.',
        'idempotency_key_reused',
      );
    }
    const text = known.sealed ? this.parts.cipher.open(known.answer) : known.answer;
    return { status: known.status, text, isReplayed: known.requestId !== claim.requestId };
  }

  private context(request: OperationRequestMessage, trx: Trx<unknown>): OperationContext {
    const { deadline, before } = request;
    const afterCommit = (callback: () => void): void => this.parts.database.afterCommit(trx, callback);
    return {
      ...beforeContext(request),
      trx,
      before,
      get signal() {
        return AbortSignal.timeout(Math.max(0, deadline - Date.now()));
      },
      afterCommit,
      requireMatch: (current) => requireMatch(request.ifMatch, current),
    };
  }
}

function beforeContext(request: OperationRequestMessage): BeforeContext {
  const { principal, requestId, idempotencyKey, deadline, input } = request;
  const spaceId = typeof input['spaceId'] === 'string' ? input['spaceId'] : null;
  return { input, principal, spaceId, requestId, idempotencyKey, deadline };
}

/** The same request is at work already: its answer is waited for. */
class StillRunning extends Error {}

function deadlineProblem(error: unknown, committing: boolean): ProblemError {
  if (committing || error instanceof StillRunning) return outcomeUnknown();
  return unavailable('The database is away or busy. Try again in a second.');
}

function statusOf(definition: OperationDefinition, output: unknown): number {
  if (output instanceof Rejection) return output.problem.status;
  return definition.http?.statusOf?.(output) ?? definition.http?.status ?? 200;
}

function respond(message: Msg, reply: Reply, extra: Record<string, string>): void {
  const found = headers();
  found.set(headerNames.status, String(reply.status));
  if (reply.isReplayed) found.set(headerNames.replayed, 'true');
  for (const [name, value] of Object.entries(extra)) found.set(name, value);
  message.respond(reply.text, { headers: found });
}

function internalProblem(error: unknown): ProblemError {
  if (isDataException(error))
    return unprocessable(
      `A value of the request cannot be stored: ${reasonOf(error)}. Change it and send the request again.`,
      INVALID_VALUE,
    );
  return new ProblemError({
    status: 500,
    code: 'internal',
    detail: 'An internal error occurred. Try again. If it persists, report the requestId.',
    cause: error,
  });
}
