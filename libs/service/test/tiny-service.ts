import { Controller, Inject, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createRule, newId, notificationCreated, operationsOf, ProblemError } from '@parley/contracts';
import type { EventEnvelope, OperationDefinition } from '@parley/contracts';
import { EventLog, HandleOperation, OnEvent, OnTask, Tasks } from '@parley/messaging';
import type { EventContext, OperationContext, Task } from '@parley/messaging';
import { z } from 'zod';

import { CONFIG, httpConfig, Logger, Metrics, runService, SecretBox } from '../src/index.ts';
import { activeTraceparent } from '../src/tracing/context.ts';

/** The smallest service that uses everything the kit gives; without decorator syntax, so that it runs from source. */
const configSchema = z.object({
  ...httpConfig.shape,
  GREETING: z.string().min(1),
  DOOR: z.string().optional(),
});

type Parts = [EventLog, Tasks, SecretBox, Logger, Metrics, z.infer<typeof configSchema>];

class TinyController {
  constructor(...[events, tasks, secrets, logger, metrics, config]: Parts) {
    Object.assign(this, { events, tasks, secrets, logger, metrics, config });
  }

  declare readonly events: EventLog;
  declare readonly tasks: Tasks;
  declare readonly secrets: SecretBox;
  declare readonly logger: Logger;
  declare readonly metrics: Metrics;
  declare readonly config: z.infer<typeof configSchema>;

  async create(input: z.output<typeof createRule.input>, { trx }: OperationContext): Promise<unknown> {
    const { spaceId, name } = input;
    if (name === 'refused') {
      throw new ProblemError({ status: 422, code: 'refused', detail: 'The name is refused.' });
    }
    const place = { spaceId, table: 'rule', row: name, column: 'secret', version: 1 };
    const sealed = await this.secrets.seal(trx, place, name);
    const opened = await this.secrets.open(trx, place, sealed);
    const now = new Date().toISOString();
    const data = { notification: notification(opened.reveal(), now) };
    await this.events.append(trx, [{ definition: notificationCreated, spaceId, data }]);
    const shown = { sealed, greeting: this.config.GREETING, traceparent: activeTraceparent() ?? null };
    return { id: newId('rule'), ...input, metadata: shown, createdAt: now, updatedAt: now };
  }

  async seen(events: EventEnvelope<typeof notificationCreated>[], { trx }: EventContext): Promise<void> {
    const tasks = events.map(({ id, key, spaceId, traceparent }) => ({
      ...{ queue: 'tell', id, key, spaceId, payload: { traceparent } },
    }));
    await this.tasks.enqueue(trx, tasks);
  }

  async tell(task: Task): Promise<void> {
    this.metrics.count('told');
    this.logger.info({ task: task.id, traceparent: activeTraceparent() ?? null }, 'A task was done');
    await Promise.resolve();
  }

  async other(): Promise<unknown> {
    await Promise.resolve();
    throw new Error('canary: a defect');
  }
}

function notification(title: string, now: string): z.infer<typeof notificationCreated.data>['notification'] {
  return {
    ...{ id: newId('ntf'), accountId: newId('acc'), event: 'tiny', title, body: '', conversationId: null },
    ...{ media: ['inbox' as const], readAt: null, createdAt: now, updatedAt: now },
  };
}

function decorate(method: string, decorator: MethodDecorator): void {
  const descriptor = Object.getOwnPropertyDescriptor(TinyController.prototype, method);
  if (descriptor !== undefined) decorator(TinyController.prototype, method, descriptor);
}

const others = operationsOf('notification').filter(({ name }) => name !== createRule.name);
for (const [index, definition] of others.entries()) {
  const method = `other${index}`;
  const value = (): Promise<unknown> => TinyController.prototype.other();
  Object.defineProperty(TinyController.prototype, method, { value, writable: true, configurable: true });
  decorate(method, HandleOperation(definition as OperationDefinition));
}
decorate('create', HandleOperation(createRule as unknown as OperationDefinition));
decorate('seen', OnEvent(notificationCreated, { consumer: 'tiny' }));
decorate('tell', OnTask('tell'));
const tokens = [EventLog, Tasks, SecretBox, Logger, Metrics, CONFIG];
for (const [index, token] of tokens.entries()) Inject(token)(TinyController, undefined, index);
Controller()(TinyController);

class TinyModule {}
Module({ controllers: [TinyController] })(TinyModule);

const http = {
  server: { bodyLimit: 1_000 },
  configure: (app: NestFastifyApplication, { GREETING }: z.infer<typeof configSchema>) => {
    app
      .getHttpAdapter()
      .getInstance()
      .post('/greet', async () => Promise.resolve({ greeting: GREETING }));
  },
};

await runService({
  ...{ name: 'notifications', domain: 'notification', module: TinyModule, config: configSchema },
  http: process.env.DOOR === undefined ? undefined : http,
});
