import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import { type NewTask, Tasks } from '@parley/messaging';
import { SecretBox, type WrappedKey } from '@parley/service';
import type { VoiceWebhook } from '../adapters/phone-provider.ts';
import type { ChannelRow, ChannelTrx, ConnectionRow } from '../database.ts';
import { ConnectionsRepository } from './connections.repository.ts';

export const PROVIDER_QUEUE = 'provider';

/** A look at how a channel stands at its provider; only one that somebody asked for overwrites what others wrote there. */
export interface CheckPayload {
  kind: 'connect' | 'probe';
  channelId: string;
}

/** What is to be put back at a provider, with all that is needed after the channel is gone. */
export interface ReleasePayload {
  kind: 'release';
  channelId: string;
  provider: string;
  apiBaseUrl: string | null;
  sealedCredentials: string;
  wrappedKey: WrappedKey;
  providerNumberId: string | null;
  number: string;
  webhookUrl: string | null;
  former: VoiceWebhook | null;
  /** Whether the channel is gone, and its number with it. */
  isDeleted: boolean;
  failures: number;
}

/** What commands decide about a channel's connection; the work itself is a task. */
@Injectable()
export class ConnectionsService {
  constructor(
    private readonly connections: ConnectionsRepository,
    private readonly tasks: Tasks,
    private readonly secrets: SecretBox,
  ) {}

  async find(trx: ChannelTrx, row: ChannelRow): Promise<ConnectionRow | undefined> {
    return this.connections.find(trx, row.space_id, row.id);
  }

  /** Asks for a check now; the one that was to come is called off, and what is at work has no say any more. */
  async want(
    trx: ChannelTrx,
    row: ChannelRow,
    wanted: ConnectionRow['wanted'],
    kind: CheckPayload['kind'] = 'connect',
  ): Promise<void> {
    await this.callOff(trx, await this.find(trx, row));
    const task = taskOf(row, { kind, channelId: row.id });
    await this.connections.want(trx, { spaceId: row.space_id, id: row.id, wanted, taskId: task.id });
    await this.tasks.enqueue(trx, [task]);
  }

  /** Nothing is to be looked at until somebody asks again. */
  async rest(trx: ChannelTrx, row: ChannelRow): Promise<void> {
    const connection = await this.find(trx, row);
    if (!connection) return;
    await this.callOff(trx, connection);
    const intent = connection.intent + 1;
    const change = { wanted: 'ready' as const, intent, settled: intent, task_id: null };
    await this.connections.change(trx, connection, change);
  }

  /** Has put back at the provider what stood there before: the channel goes, or goes to another number. */
  async leave(trx: ChannelTrx, row: ChannelRow, isDeleted: boolean): Promise<void> {
    const connection = await this.find(trx, row);
    if (!connection) return;
    await this.callOff(trx, connection);
    if (row.sealed_credentials && row.provider) {
      const payload: ReleasePayload = {
        kind: 'release',
        channelId: row.id,
        provider: row.provider,
        apiBaseUrl: apiBaseUrlOf(row),
        sealedCredentials: row.sealed_credentials,
        wrappedKey: await this.secrets.spaceKey(trx, row.space_id),
        providerNumberId: connection.provider_number_id,
        number: row.channel_identifier,
        webhookUrl: connection.webhook_url,
        former: connection.former,
        isDeleted,
        failures: 0,
      };
      await this.tasks.enqueue(trx, [taskOf(row, payload)]);
    }
    if (isDeleted) await this.connections.delete(trx, connection);
    else {
      const intent = connection.intent + 1;
      await this.connections.change(trx, connection, { ...nothingKnown, intent, settled: intent });
    }
  }

  /** Lines up the next look, and says under which id. */
  async schedule(trx: ChannelTrx, row: ChannelRow, afterMs: number): Promise<string> {
    const task = taskOf(row, { kind: 'probe', channelId: row.id });
    await this.tasks.enqueue(trx, [{ ...task, dueAt: new Date(Date.now() + afterMs) }]);
    return task.id;
  }

  /** Tries to put back again, later. */
  async releaseAgain(
    trx: ChannelTrx,
    spaceId: string,
    payload: ReleasePayload,
    afterMs: number,
  ): Promise<void> {
    const task = taskOf({ space_id: spaceId, id: payload.channelId }, payload);
    await this.tasks.enqueue(trx, [{ ...task, dueAt: new Date(Date.now() + afterMs) }]);
  }

  /** Whether work of a channel waits or goes on. */
  async isBusy(trx: ChannelTrx, spaceId: string, channelId: string): Promise<boolean> {
    return (await this.tasks.pendingKeys(trx, PROVIDER_QUEUE, [{ spaceId, key: channelId }])).size > 0;
  }

  private async callOff(trx: ChannelTrx, connection: ConnectionRow | undefined): Promise<void> {
    if (connection?.task_id)
      await this.tasks.cancel(trx, PROVIDER_QUEUE, connection.space_id, [connection.task_id]);
  }
}

const nothingKnown = {
  task_id: null,
  provider_number_id: null,
  phone_configuration_id: null,
  webhook_url: null,
  is_written: false,
  former: null,
  failures: 0,
};

/** Where the provider's API is, if not at its own address. */
export function apiBaseUrlOf({ configuration }: Pick<ChannelRow, 'configuration'>): string | null {
  const { apiBaseUrl } = configuration;
  return typeof apiBaseUrl === 'string' ? apiBaseUrl : null;
}

function taskOf(
  { space_id: spaceId, id: key }: Pick<ChannelRow, 'space_id' | 'id'>,
  payload: CheckPayload | ReleasePayload,
): NewTask {
  return { queue: PROVIDER_QUEUE, id: newId('task'), key, spaceId, payload };
}
