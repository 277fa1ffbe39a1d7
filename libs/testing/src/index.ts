export * from './mail-catcher.ts';
export * from './nats-server.ts';
export * from './openai-server.ts';
export * from './ports.ts';
export * from './postgres.ts';
export * from './server-process.ts';
export * from './test-servers.ts';
