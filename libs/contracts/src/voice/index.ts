export * from './events.ts';
export * from './types.ts';
