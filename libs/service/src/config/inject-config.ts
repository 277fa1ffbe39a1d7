import { Inject } from '@nestjs/common';

/** Token under which the parsed environment is provided. */
export const CONFIG = Symbol('parley.config');

/** Injects the service's parsed environment, `z.infer` of the schema given to `runService` and of the base one. */
export const InjectConfig = (): ParameterDecorator & PropertyDecorator => Inject(CONFIG);
