export { ConnectionCount } from './connection-count.ts';
export { guardedServerOptions, GuardedSocket } from './guarded-socket.ts';
export type { MessageHandler, SocketLimits } from './guarded-socket.ts';
export { endSoon, refuseUpgrade } from './refuse-upgrade.ts';
export { TokenBucket, TokenBuckets } from './token-bucket.ts';
export type { Rate } from './token-bucket.ts';
