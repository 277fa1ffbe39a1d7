import { type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** A handler as the spec calls it: with the checked input or the batch of events, and its context. */
export type SpecHandler = (input: unknown, context: object) => Promise<unknown>;

type Extras = { kind: string; definition?: { name: string }; options?: { queue: string } };

/** What a service's classes ask for, by token. */
export type SpecValues = readonly (readonly [token: unknown, value: unknown])[];

class TestInfrastructureModule {}
class TestRootModule {}
Module({})(TestInfrastructureModule);
Module({})(TestRootModule);

/** Makes a service's objects over these values, without its messaging. */
export function createTestContext(module: Type, values: SpecValues): Promise<INestApplicationContext> {
  const providers = values.map(([provide, useValue]) => ({ provide: provide as symbol, useValue }));
  const exported = providers.map(({ provide }) => provide);
  const kit = { module: TestInfrastructureModule, global: true, providers, exports: exported };
  return NestFactory.createApplicationContext(
    { module: TestRootModule, imports: [kit, module] },
    { logger: ['error'], abortOnError: false },
  );
}

/** The handlers of a module's controllers, as `operation conversation.open`, `event conversation.created` or `task send`. */
export function handlersOf(app: INestApplicationContext, module: Type): Map<string, SpecHandler> {
  const found = new Map<string, SpecHandler>();
  const controllers = Reflect.getMetadata('controllers', module) as Type[];
  for (const controller of controllers) {
    const instance = app.get<Record<string, SpecHandler>>(controller);
    for (const name of Object.getOwnPropertyNames(controller.prototype)) {
      const method = instance[name];
      const extras =
        method && (Reflect.getMetadata('microservices:pattern_extras', method) as Extras | undefined);
      const of = extras?.definition?.name ?? extras?.options?.queue;
      if (method && extras && of) found.set(`${extras.kind} ${of}`, method.bind(instance));
    }
  }
  return found;
}
