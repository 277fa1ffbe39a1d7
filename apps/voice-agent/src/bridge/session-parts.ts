import type { admitFlowSession, OperationOutput } from '@parley/contracts';
import type { EventPublisher, NatsConnection, OperationClient } from '@parley/messaging';
import type { Logger } from '@parley/service';
import type { CallRooms } from './call-audio.ts';

/** Name under which the bridge asks others. */
export const service = 'voice-agent';

/** What sessions work with. */
export interface SessionParts {
  nats: NatsConnection;
  operations: Pick<OperationClient, 'request'>;
  facts: Pick<EventPublisher, 'publish'>;
  rooms: CallRooms;
  logger: Pick<Logger, 'warn' | 'debug' | 'info'>;
}

/** The channel a session was let in by. */
export type SessionChannel = NonNullable<OperationOutput<typeof admitFlowSession>['channel']>;
