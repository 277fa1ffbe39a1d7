export * from './caller.ts';
export * from './hearing.ts';
export * from './recording.ts';
