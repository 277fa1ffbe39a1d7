import { Controller } from '@nestjs/common';
import { ProblemError, releasePhoneNumber, servicePrincipal } from '@parley/contracts';
import { Database } from '@parley/database';
import {
  type TaskFailureContext,
  OnTaskFailed,
  OnTask,
  OperationClient,
  type Task,
  type TaskContext,
} from '@parley/messaging';
import { InjectConfig, Logger, SecretBox } from '@parley/service';
import { phoneProviderFor } from '../adapters/index.ts';
import { ProviderError } from '../adapters/phone-provider.ts';
import { credentialsPlace, readCredentials } from '../channels/channel-directory.service.ts';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import type { GatewayConfig } from '../config.ts';
import type { ChannelTrx, Tables } from '../database.ts';
import { ConnectionsRepository } from './connections.repository.ts';
import {
  apiBaseUrlOf,
  type CheckPayload,
  ConnectionsService,
  PROVIDER_QUEUE,
  type ReleasePayload,
} from './connections.service.ts';
import { type Connected, ConnectorService, type Outcome, Superseded } from './connector.service.ts';

const FIRST_RETRY_MS = 5000;
/** Attempts to put a webhook back before it is left: about a day. */
const RELEASES = 300;
const RELEASE_MS = 3000;

/** Works at providers: sets channels up, looks at them now and then, puts back what stood there before. */
@Controller()
export class ConnectionsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: ChannelsRepository,
    private readonly channels: ChannelsService,
    private readonly connections: ConnectionsRepository,
    private readonly service: ConnectionsService,
    private readonly connector: ConnectorService,
    private readonly operations: OperationClient,
    private readonly secrets: SecretBox,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  @OnTask(PROVIDER_QUEUE, { concurrency: 16, maxAttempts: 5, timeoutMs: 60_000 })
  async work(task: Task<CheckPayload | ReleasePayload>, context: TaskContext<Tables>): Promise<void> {
    const { payload, spaceId } = task;
    if (payload.kind === 'release') return this.release(spaceId, payload, context);
    const known = await this.read(spaceId, payload.channelId, task.id);
    if (!known) return;
    try {
      const outcome = await this.connector.check(known, payload.kind);
      await context.complete((trx) => this.settle(trx, known, outcome));
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
    }
  }

  @OnTaskFailed(PROVIDER_QUEUE)
  async giveUp(
    task: Task<CheckPayload | ReleasePayload>,
    { trx }: TaskFailureContext<Tables>,
  ): Promise<void> {
    const { payload, spaceId } = task;
    if (payload.kind === 'release') return;
    const row = await this.repository.lock(trx, spaceId, payload.channelId);
    const connection = row && (await this.service.find(trx, row));
    if (!row || !connection || connection.task_id !== task.id) return;
    await this.connections.change(trx, connection, { settled: connection.intent, task_id: null });
    const reason =
      'The check of this channel failed in Parley. See the dead letters (npx parley dlq list), then verify the channel again.';
    await this.channels.settle(trx, row, { status: 'error', reason });
  }

  /** Undefined for a channel that is gone or has nothing to be looked at, and for a check that was called off. */
  private async read(spaceId: string, channelId: string, taskId: string): Promise<Connected | undefined> {
    return this.database.withSpaces([spaceId], async (trx) => {
      const row = await this.repository.find(trx, spaceId, channelId);
      const provider = row && phoneProviderFor(row);
      const connection = row && (await this.service.find(trx, row));
      if (!row?.sealed_credentials || !provider || connection?.task_id !== taskId) return undefined;
      const place = credentialsPlace(spaceId, channelId);
      const credentials = readCredentials(await this.secrets.open(trx, place, row.sealed_credentials));
      const access = { credentials, apiBaseUrl: apiBaseUrlOf(row), fetch: this.connector.fetch };
      const { target } = await this.channels.factsOf(trx, row);
      return { row, connection, provider, access, target };
    });
  }

  private async settle(trx: ChannelTrx, known: Connected, outcome: Outcome): Promise<void> {
    const { space_id: spaceId, id } = known.row;
    const row = await this.repository.lock(trx, spaceId, id);
    if (!row) return;
    const failures = outcome.isAway ? known.connection.failures + 1 : 0;
    const taskId = await this.service.schedule(trx, row, this.pauseMs(outcome, failures));
    const isLast = await this.connections.change(trx, known.connection, {
      ...outcome.change,
      settled: known.connection.intent,
      task_id: taskId,
      failures,
      checked_at: new Date(),
    });
    if (!isLast) throw new Error('The channel changed while the result of its check was stored.');
    const phoneConfigurationId = outcome.change.phone_configuration_id ?? undefined;
    await this.channels.settle(trx, row, { ...outcome, phoneConfigurationId });
  }

  private pauseMs({ isAway, afterMs }: Pick<Outcome, 'isAway' | 'afterMs'>, failures: number): number {
    const usual = this.config.PROVIDER_CHECK_SECONDS * 1000;
    if (!isAway) return usual;
    return afterMs ?? Math.min(usual, FIRST_RETRY_MS * 2 ** (failures - 1));
  }

  private async release(
    spaceId: string,
    payload: ReleasePayload,
    context: TaskContext<Tables>,
  ): Promise<void> {
    const again = (await this.putBack(spaceId, payload)) ?? (await this.giveBack(spaceId, payload));
    await context.complete(async (trx) => {
      if (again === null) return;
      const failures = payload.failures + 1;
      await this.service.releaseAgain(trx, spaceId, { ...payload, failures }, again);
    });
  }

  /** The number of a channel that is gone is free; milliseconds until another try where telephony is away. */
  private async giveBack(spaceId: string, payload: ReleasePayload): Promise<number | null> {
    const { channelId, isDeleted, failures } = payload;
    if (!isDeleted) return null;
    try {
      const principal = servicePrincipal('channel-gateway', spaceId);
      await this.operations.request(
        releasePhoneNumber,
        { spaceId, channelId },
        { principal, deadlineMs: RELEASE_MS },
      );
      return null;
    } catch (error) {
      if (!(error instanceof ProblemError) || failures >= RELEASES) throw error;
      return this.pauseMs({ isAway: true, afterMs: null }, failures + 1);
    }
  }

  /** Milliseconds until it is worth another try; null when it is done, or cannot be done. */
  private async putBack(spaceId: string, payload: ReleasePayload): Promise<number | null> {
    const { channelId, apiBaseUrl, sealedCredentials, wrappedKey, failures } = payload;
    const provider = phoneProviderFor({ deployment_type: 'CALLS', provider: payload.provider });
    if (!provider) return null;
    const place = credentialsPlace(spaceId, channelId);
    const credentials = readCredentials(this.secrets.openWith(wrappedKey, place, sealedCredentials));
    try {
      await this.connector.restore(
        provider,
        { credentials, apiBaseUrl, fetch: this.connector.fetch },
        payload,
      );
      return null;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (error.kind === 'away' && failures < RELEASES)
        return error.afterMs ?? this.pauseMs({ isAway: true, afterMs: null }, failures + 1);
      this.logger.warn(
        { channelId, kind: error.kind, code: error.code },
        'Restoring the previous webhook of a number failed',
      );
      return null;
    }
  }
}
