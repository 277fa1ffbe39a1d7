import { Controller } from '@nestjs/common';
import {
  cancelDial,
  dialCall,
  findTarget,
  notFound,
  type OperationInput,
  type OperationOutput,
} from '@parley/contracts';
import { HandleOperation, type NewTask, type OperationContext, Tasks } from '@parley/messaging';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import type { FoundTarget } from '../channels/references.handler.ts';
import type { DialRow, Tables } from '../database.ts';
import { DialsRepository } from './dials.repository.ts';
import { canceled } from './outcomes.ts';

type Context = OperationContext<Tables>;

/** Queue of what is asked of carriers about calls that the platform places. */
export const DIAL_QUEUE = 'dial';

const KEEP_MS = 86_400_000;

/** What a task does about a dial. */
export interface DialPayload {
  kind: 'dial' | 'cancel' | 'forget';
  callId: string;
  /** What the carrier is to let go that is not, or not yet, known as what was dialled. */
  providerCallId?: string;
}

/** Takes down what is to be dialled. The carrier is asked by a task: one process at a time, after the intent is stored. */
@Controller()
export class DialsHandler {
  constructor(
    private readonly dials: DialsRepository,
    private readonly channels: ChannelsRepository,
    private readonly service: ChannelsService,
    private readonly tasks: Tasks,
  ) {}

  @HandleOperation(dialCall)
  async dial(
    input: OperationInput<typeof dialCall>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof dialCall>> {
    const { spaceId, callId, channelId, to } = input;
    if (!(await this.channels.find(trx, spaceId, channelId))) throw notFound('The channel');
    const row = {
      ...{ space_id: spaceId, id: callId, channel_id: channelId, to_address: to },
      ...{ ring_seconds: input.ringSeconds, detect_machine: input.detectMachine },
      ...{ deadline: new Date(input.deadline), dialed_at: null },
      ...{ provider_call_id: null, cause: null, reason: null },
    };
    if (await this.dials.insert(trx, row))
      await this.tasks.enqueue(trx, [taskOf(row, 'dial'), forgetTask(row)]);
    return {};
  }

  /** A dial that comes after its cancelling, late on its way, finds its place taken. */
  @HandleOperation(cancelDial)
  async cancel(
    { spaceId, callId, channelId, to, providerCallId }: OperationInput<typeof cancelDial>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof cancelDial>> {
    const none = {
      ...{ space_id: spaceId, id: callId, channel_id: channelId, to_address: to, is_canceled: true },
      ...{ ring_seconds: 0, detect_machine: false, deadline: new Date(), dialed_at: null, ...canceled },
    };
    const isNew = await this.dials.insert(trx, none);
    if (isNew) await this.tasks.enqueue(trx, [forgetTask(none)]);
    if (providerCallId !== null) await this.tasks.enqueue(trx, [strayTask(none, providerCallId)]);
    else if (!isNew) {
      const row = await this.dials.cancel(trx, spaceId, callId);
      if (row && row.cause === null) await this.tasks.enqueue(trx, [taskOf(row, 'cancel')]);
    }
    return {};
  }

  @HandleOperation(findTarget)
  async find(
    { spaceId, target }: OperationInput<typeof findTarget>,
    { trx, before: found }: OperationContext<Tables, FoundTarget>,
  ): Promise<OperationOutput<typeof findTarget>> {
    return { name: await this.service.requireTarget(trx, spaceId, target, { found }) };
  }
}

/**
 * Calls to one number are dialled one after another: of two whose outcome is not known nobody could tell which is which.
 * What the carrier has placed is let go without waiting in that line.
 */
function taskOf(
  row: Pick<DialRow, 'space_id' | 'id' | 'channel_id' | 'to_address' | 'provider_call_id'>,
  kind: DialPayload['kind'],
): NewTask<DialPayload> {
  return {
    queue: DIAL_QUEUE,
    id: `${row.id}.${kind}`,
    key: row.provider_call_id === null ? `${row.channel_id}.${row.to_address}` : row.id,
    spaceId: row.space_id,
    payload: { kind, callId: row.id },
  };
}

/** Numbers are kept for no longer than somebody may ask again. */
function forgetTask({ space_id: spaceId, id }: Pick<DialRow, 'space_id' | 'id'>): NewTask<DialPayload> {
  const payload = { kind: 'forget' as const, callId: id };
  const dueAt = new Date(Date.now() + KEEP_MS);
  return { queue: DIAL_QUEUE, id: `${id}.forget`, key: `${id}.forget`, spaceId, payload, dueAt };
}

/** What a carrier has placed beside the call, or after nobody wanted it any more. */
function strayTask(
  { space_id: spaceId, id }: Pick<DialRow, 'space_id' | 'id'>,
  providerCallId: string,
): NewTask<DialPayload> {
  const payload = { kind: 'cancel' as const, callId: id, providerCallId };
  return { queue: DIAL_QUEUE, id: `${id}.cancel.${providerCallId}`, key: providerCallId, spaceId, payload };
}
