export * from './common.ts';
export * from './event.ts';
export * from './ids.ts';
export * from './operation.ts';
export * from './permissions.ts';
export * from './principal.ts';
export * from './problem.ts';
export * from './wire.ts';
