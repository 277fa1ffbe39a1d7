import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { domainOf, type OperationDefinition, operationsOf, streamName } from '@parley/contracts';
import { from, isObservable, lastValueFrom } from 'rxjs';
import type { MessagingRuntime } from '../runtime.ts';
import type { TaskFailureContext, TaskOptions } from '../tasks/task.ts';
import type { EventHandler } from './consumer-runner.ts';
import type { HandlerExtras } from './decorators.ts';

/** The NestJS side of messaging: methods with `@OnEvent`, `@HandleOperation`, `@OnTask` and `@OnGiveUp` become consumers, answers and workers. */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  private readonly runtime: MessagingRuntime;
  private readonly consumers = new Map<string, Map<string, EventHandler>>();
  private readonly minIntervals = new Map<string, number>();
  private readonly queues = new Set<string>();
  private readonly failureHandlers = new Map<string, Call>();

  constructor(runtime: MessagingRuntime) {
    super();
    this.runtime = runtime;
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    _isEvent?: boolean,
    extras?: Record<string, unknown>,
  ): void {
    const found = extras as HandlerExtras | undefined;
    const call = toCall(callback);
    if (found && 'definition' in found && found.kind !== 'event') this.addOperation(found, call);
    else if (found?.kind === 'task') this.addTask(found, call);
    else if (found?.kind === 'task_failed') this.addFailureHandler(found.queue, call);
    else if (found?.kind === 'event') this.addEvent(found, call);
    else
      throw new Error(
        `The pattern ${String(pattern)} was not declared with OnEvent, HandleOperation, OnTask or OnGiveUp.`,
      );
  }

  /** Starts everything; an operation of this domain without handler refuses to boot. */
  listen(callback: (error?: unknown) => void): void {
    try {
      for (const queue of this.failureHandlers.keys())
        if (!this.queues.has(queue)) throw new Error(`The queue ${queue} has no worker that could give up.`);
      const answered = new Set(this.runtime.operations.names());
      const missing = operationsOf(this.runtime.domain).filter((operation) => !answered.has(operation.name));
      if (missing.length > 0)
        throw new Error(`These operations have no handler: ${missing.map(({ name }) => name).join(', ')}.`);
      for (const [id, handlers] of this.consumers) {
        const stream = id.slice(id.lastIndexOf('.') + 1);
        this.runtime.addConsumer({ id, stream, handlers, minIntervalMs: this.minIntervals.get(id) });
      }
      this.runtime.start().then(() => callback(), callback);
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    await this.runtime.stop();
  }

  on(): void {
    // This strategy has no events of its own.
  }

  unwrap<Connection>(): Connection {
    return this.runtime.nats as Connection;
  }

  private addOperation(
    {
      kind,
      definition,
    }: Extract<HandlerExtras, { definition: OperationDefinition; kind: `${string}operation` }>,
    call: Call,
  ): void {
    const { operations } = this.runtime;
    if (kind === 'operation') operations.add(definition, call);
    else if (kind === 'before_operation') operations.addBefore(definition, call);
    else operations.addAfter(definition, call);
  }

  private addTask({ options }: Extract<HandlerExtras, { kind: 'task' }>, call: Call): void {
    if (this.queues.has(options.queue)) throw new Error(`The queue ${options.queue} has two workers.`);
    this.queues.add(options.queue);
    // Which of the two methods Nest finds first is not known here.
    const onTaskFailed: TaskOptions['onTaskFailed'] = async (task, error, trx) =>
      void (await this.failureHandlers.get(options.queue)?.(task, {
        trx,
        error,
      } satisfies TaskFailureContext));
    this.runtime.addTaskWorker({ onTaskFailed, ...options }, call);
  }

  private addFailureHandler(queue: string, call: Call): void {
    if (this.failureHandlers.has(queue))
      throw new Error(`The queue ${queue} has two methods for what is given up.`);
    this.failureHandlers.set(queue, call);
  }

  private addEvent(
    { definition, consumer, dedupe, minIntervalMs, concerns }: Extract<HandlerExtras, { kind: 'event' }>,
    call: Call,
  ): void {
    const id = `${consumer}.${streamName(domainOf(definition.name))}`;
    const handlers = this.consumers.get(id) ?? new Map<string, EventHandler>();
    if (handlers.has(definition.name))
      throw new Error(`The consumer ${consumer} handles ${definition.name} twice.`);
    handlers.set(definition.name, { definition, dedupe, concerns, handle: call });
    this.consumers.set(id, handlers);
    if (minIntervalMs !== undefined) this.minIntervals.set(id, minIntervalMs);
  }
}

type Call = (payload: unknown, context: unknown) => Promise<unknown>;

function toCall(callback: MessageHandler): Call {
  return async (payload, context) => {
    const result: unknown = await callback(payload, context);
    return isObservable(result) ? lastValueFrom(from(result), { defaultValue: undefined }) : result;
  };
}
