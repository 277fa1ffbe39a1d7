export * from './core/index.ts';
export * from './channel/index.ts';
export * from './conversation/index.ts';
export * from './flow/index.ts';
export * from './identity/index.ts';
export * from './notification/index.ts';
export * from './registry.ts';
export * from './sockets.ts';
