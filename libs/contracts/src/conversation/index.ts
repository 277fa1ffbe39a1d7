export * from './events.ts';
export * from './operations.ts';
export * from './types.ts';
export * from './visitor-view.ts';
