import type { EventDefinition, OperationDefinition } from '@parley/contracts';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import type { TaskOptions } from '../tasks/task-worker.ts';
import type { Dedupe } from './consumer-runner.ts';

/** What a decorated method is for, as the strategy finds it. */
export type HandlerExtras =
  | { kind: 'event'; definition: EventDefinition; consumer: string; dedupe: Dedupe }
  | { kind: 'operation'; definition: OperationDefinition }
  | { kind: 'task'; options: TaskOptions };

/**
 * A method that takes batches of an event: `(events, context)`, one transaction for all.
 * @param options `consumer`: who keeps the position; `dedupe`: how repeats are dropped, default `inbox`
 */
export function OnEvent(
  definition: EventDefinition,
  options: { consumer: string; dedupe?: Dedupe },
): MethodDecorator {
  const extras: HandlerExtras = {
    kind: 'event',
    definition,
    consumer: options.consumer,
    dedupe: options.dedupe ?? 'inbox',
  };
  return EventPattern(definition.name, extras) as MethodDecorator;
}

/** A method that answers an operation: `(input, context)`. */
export function HandleOperation(definition: OperationDefinition): MethodDecorator {
  const extras: HandlerExtras = { kind: 'operation', definition };
  return MessagePattern(definition.name, extras) as MethodDecorator;
}

/** A method of a controller that does the tasks of a queue: `(task, context)`. */
export function OnTask(queue: string, options: Omit<TaskOptions, 'queue'> = {}): MethodDecorator {
  const extras: HandlerExtras = { kind: 'task', options: { queue, ...options } };
  return EventPattern(`task.${queue}`, extras) as MethodDecorator;
}
