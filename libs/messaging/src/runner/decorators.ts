import type { EventDefinition, EventEnvelope, OperationDefinition } from '@parley/contracts';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { TaskOptions } from '../tasks/task-worker.ts';
import type { Dedupe } from './dedupe.ts';

/** What a decorated method is for, as the strategy finds it. */
export type HandlerExtras =
  | {
      kind: 'event';
      definition: EventDefinition;
      consumer: string;
      dedupe: Dedupe;
      minIntervalMs: number | undefined;
      concerns: ((event: EventEnvelope) => boolean) | undefined;
    }
  | { kind: 'operation'; definition: OperationDefinition }
  | { kind: 'before_operation'; definition: OperationDefinition }
  | { kind: 'after_operation'; definition: OperationDefinition }
  | { kind: 'task'; options: TaskOptions }
  | { kind: 'task_failed'; queue: string };

/**
 * A method that takes batches of an event: `(events, context)`, one transaction for all.
 * @param options `consumer`: who keeps the position; `dedupe`: how repeats are dropped, default `inbox`; `minIntervalMs`: least
 *   distance of batches, for what nobody waits for: fewer and larger ones cost less; `concerns`: whether the method has anything
 *   to do for an event, by the event alone: others are passed over without a transaction
 * @throws TypeError when repeats are to be dropped by a sequence that the event does not have
 */
export function OnEvent<Definition extends EventDefinition>(
  definition: Definition,
  options: {
    consumer: string;
    dedupe?: Dedupe;
    minIntervalMs?: number;
    concerns?: (event: EventEnvelope<Definition>) => boolean;
  },
): MethodDecorator {
  if (options.dedupe === 'sequence' && !definition.sequence)
    throw new TypeError(`${definition.name} has no sequence: choose another way to drop its repeats.`);
  const extras: HandlerExtras = {
    kind: 'event',
    definition,
    consumer: options.consumer,
    dedupe: options.dedupe ?? 'inbox',
    minIntervalMs: options.minIntervalMs,
    concerns: options.concerns as ((event: EventEnvelope) => boolean) | undefined,
  };
  return withPayloadAndContext(EventPattern(definition.name, extras) as MethodDecorator);
}

/** A method that answers an operation: `(input, context)`. */
export function HandleOperation(definition: OperationDefinition): MethodDecorator {
  const extras: HandlerExtras = { kind: 'operation', definition };
  return withPayloadAndContext(MessagePattern(definition.name, extras) as MethodDecorator);
}

/**
 * A method that does what an operation needs before its transaction is opened, slow work above all: `(input, context)`,
 * the context without transaction. What it returns is the `before` of the handler's context; what it throws refuses the
 * request. It runs once for each request, a repeat under the same Idempotency-Key included.
 */
export function BeforeOperation(definition: OperationDefinition): MethodDecorator {
  const extras: HandlerExtras = { kind: 'before_operation', definition };
  return withPayloadAndContext(MessagePattern(`before.${definition.name}`, extras) as MethodDecorator);
}

/**
 * A method that waits for what a command has set going, for as long as the caller may be kept: `(output, context)`, the
 * context without transaction. What it returns is answered, and kept for repeats; what it throws is logged, and the
 * command's own output stands.
 */
export function AfterOperation(definition: OperationDefinition): MethodDecorator {
  const extras: HandlerExtras = { kind: 'after_operation', definition };
  return withPayloadAndContext(MessagePattern(`after.${definition.name}`, extras) as MethodDecorator);
}

/** A method of a controller that does the tasks of a queue: `(task, context)`. */
export function OnTask(queue: string, options: Omit<TaskOptions, 'queue'> = {}): MethodDecorator {
  const extras: HandlerExtras = { kind: 'task', options: { queue, ...options } };
  return withPayloadAndContext(EventPattern(`task.${queue}`, extras) as MethodDecorator);
}

/**
 * A method of a controller that writes what it means that a task of a queue was given up: `(task, context)`, in the
 * transaction that parks the task. What it throws keeps the task from being parked, and is tried again.
 */
export function OnTaskFailed(queue: string): MethodDecorator {
  const extras: HandlerExtras = { kind: 'task_failed', queue };
  return withPayloadAndContext(EventPattern(`task_failed.${queue}`, extras) as MethodDecorator);
}

/** Nest gives a method only the parameters that are marked, and only the first where none is. */
function withPayloadAndContext(decorate: MethodDecorator): MethodDecorator {
  return (target, key, descriptor) => {
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    return decorate(target, key, descriptor);
  };
}
