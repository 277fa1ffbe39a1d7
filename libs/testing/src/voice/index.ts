export * from './caller.ts';
export * from './flow-caller.ts';
export * from './speech-recogniser.ts';
export * from './phone-caller.ts';
export * from './sound-recording.ts';
export * from './sentences.ts';
