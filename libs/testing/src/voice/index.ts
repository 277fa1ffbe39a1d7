export * from './caller.ts';
export * from './flow-caller.ts';
export * from './hearing.ts';
export * from './phone-caller.ts';
export * from './recording.ts';
export * from './sentences.ts';
