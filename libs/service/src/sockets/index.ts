export { ConnectionLimiter } from './connection-limiter.ts';
export { guardedServerOptions, GuardedSocket } from './guarded-socket.ts';
export type { MessageHandler, SocketLimits } from './guarded-socket.ts';
export { endWithTimeout, rejectUpgrade } from './reject-upgrade.ts';
export { TokenBucket, TokenBuckets } from './token-bucket.ts';
export type { Rate } from './token-bucket.ts';
