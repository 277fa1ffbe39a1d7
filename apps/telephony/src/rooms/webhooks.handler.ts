import { Controller } from '@nestjs/common';
import {
  type CallCause,
  type OperationInput,
  type OperationOutput,
  receiveLiveKitEvent,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import type { CallRow, Tables, TelephonyTrx } from '../database.ts';
import { CallersService } from './callers.service.ts';
import { LiveKitAdapter } from './livekit.adapter.ts';
import type { RoomEvent, RoomParticipant } from './room-event.ts';

type Input = OperationInput<typeof receiveLiveKitEvent>;

/** The same caller is back on another connection. */
const comesAgain: ReadonlySet<string> = new Set(['DUPLICATE_IDENTITY', 'MIGRATION']);

/** Leaving that was meant; what has no reason counts as such. */
const meant: ReadonlySet<string> = new Set(['', 'UNKNOWN_REASON', 'CLIENT_INITIATED', 'USER_REJECTED']);

/**
 * What LiveKit tells of rooms. It may come late, twice or out of order, and of rooms that are not ours: whatever does
 * not fit the call as it stands changes nothing. Agents are not listened to here; the watch knows of their loss sooner.
 */
@Controller()
export class WebhooksHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly callers: CallersService,
    private readonly liveKit: LiveKitAdapter,
  ) {}

  @BeforeOperation(receiveLiveKitEvent)
  verify({ body, authorization }: Input): Promise<RoomEvent> {
    return this.liveKit.readWebhook(body, authorization);
  }

  @HandleOperation(receiveLiveKitEvent)
  async receive(
    _input: Input,
    { trx, before }: OperationContext<Tables, RoomEvent>,
  ): Promise<OperationOutput<typeof receiveLiveKitEvent>> {
    const { event, room, participant } = before;
    if (!/^call_[0-9a-z]+$/.test(room.name)) return {};
    if (event === 'room_finished') await this.roomFinished(trx, room.name);
    if (!participant?.isCaller) return {};
    if (event === 'participant_joined') await this.callerJoined(trx, room.name, participant);
    if (event === 'participant_left' || event === 'participant_connection_aborted')
      await this.callerLeft(trx, room.name, { ...participant, aborted: event !== 'participant_left' });
    return {};
  }

  private async callerJoined(
    trx: TelephonyTrx,
    callId: string,
    { job, sid }: RoomParticipant,
  ): Promise<void> {
    if (job?.callId !== callId) return;
    await this.database.setSpaces(trx, [job.spaceId]);
    await this.callers.isThere(trx, job, sid);
  }

  private async callerLeft(
    trx: TelephonyTrx,
    callId: string,
    { sid, reason, aborted }: { sid: string; reason: string; aborted: boolean },
  ): Promise<void> {
    if (comesAgain.has(reason)) return;
    const row = await this.find(trx, callId);
    if (!row || (row.caller_sid !== null && row.caller_sid !== sid)) return;
    const cause: CallCause = !aborted && meant.has(reason) ? 'caller_left' : 'connection_lost';
    await this.calls.end(trx, row, cause);
  }

  private async roomFinished(trx: TelephonyTrx, callId: string): Promise<void> {
    const row = await this.find(trx, callId);
    if (row) await this.calls.end(trx, row, 'connection_lost');
  }

  /** A room bears the id of its call, whose space is not told. */
  private async find(trx: TelephonyTrx, callId: string): Promise<CallRow | undefined> {
    const spaceId = await this.repository.spaceOf(trx, callId);
    if (spaceId === null) return undefined;
    await this.database.setSpaces(trx, [spaceId]);
    return this.repository.lock(trx, spaceId, callId);
  }
}
