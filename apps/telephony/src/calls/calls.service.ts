import { Injectable } from '@nestjs/common';
import {
  type CallCause,
  type CallJob,
  callConnected,
  callRinging,
  callEnded,
  conflict,
  dtmfReceived,
  notFound,
  type ProblemError,
} from '@parley/contracts';
import { CallBus, EventLog, Tasks } from '@parley/messaging';
import { Clock } from '@parley/service';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import type { CallRow, ChannelRow, TelephonyTrx } from '../database.ts';
import { cancelTask, endsAtCarrier } from '../dials/dial-tasks.ts';
import { RecordingsService } from '../recordings/recordings.service.ts';
import { closeTask, dispatchTask } from '../rooms/room-tasks.ts';
import { CallsRepository } from './calls.repository.ts';
import { missedCallTask } from './missed-call-tasks.ts';

/** Where a call's words go. */
export interface OpenedConversation {
  conversationId: string;
  contactId: string | null;
  created: boolean;
  afterSequence: number;
}

/** Phases in which somebody hears the caller. */
const heard: ReadonlySet<string> = new Set(['connected', 'active', 'on_hold']);

/** The rules of a call's life; each method works under the lock of the call's row. */
@Injectable()
export class CallsService {
  constructor(
    private readonly calls: CallsRepository,
    private readonly channels: ChannelsRepository,
    private readonly recordings: RecordingsService,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
    private readonly bus: CallBus,
    private readonly clock: Clock,
  ) {}

  /**
   * The call of a job, locked: made when nobody knew of it yet.
   * @throws ProblemError 409 when the carrier's call has another one already
   */
  async ring(trx: TelephonyTrx, job: CallJob, providerCallId: string | null = null): Promise<CallRow> {
    const { spaceId, callId, channelId } = job;
    const known = await this.calls.lock(trx, spaceId, callId);
    if (known && known.channel_id !== channelId) throw taken();
    if (known) return this.joinedBy(trx, await this.carriedBy(trx, known, providerCallId), job);
    const channel = await this.channels.find(trx, spaceId, channelId);
    const now = this.clock.date();
    const row = await this.calls.insert(trx, {
      ...newRow(job, channel, now),
      provider_call_id: providerCallId,
    });
    if (row) {
      await this.begin(trx, row);
      return row;
    }
    const carried =
      providerCallId && (await this.calls.idOfProvider(trx, { spaceId, channelId, providerCallId }));
    if (carried && carried !== callId) throw taken();
    return this.require(trx, spaceId, callId);
  }

  /** Somebody whom the platform called has taken up: from now on there is a room, and who is to speak is known. */
  private async joinedBy(trx: TelephonyTrx, row: CallRow, job: CallJob): Promise<CallRow> {
    if (row.direction !== 'outbound' || row.joined_at !== null || row.phase === 'ended') return row;
    const now = this.clock.date();
    const { target, targetName } = row.job.target ? row.job : job;
    const known = JSON.stringify({ ...job, target, targetName });
    return this.calls.update(trx, row, { job: known, joined_at: now, dispatched_at: now });
  }

  /** A call that is about to be dialled, for somebody who is not there yet. */
  async place(trx: TelephonyTrx, job: CallJob, channel: ChannelRow): Promise<CallRow> {
    const values = { ...newRow(job, channel, this.clock.date()), joined_at: null };
    const row = await this.calls.insert(trx, values);
    if (!row) throw new Error('A call with this id exists already.');
    await this.begin(trx, row);
    return row;
  }

  private async begin(trx: TelephonyTrx, row: CallRow): Promise<void> {
    const { from_address: from, to_address: to, started_at: at } = row;
    await this.calls.addPhase(trx, row, 'ringing', at);
    const data = { ...inCall(row), from, to, startedAt: at.toISOString() };
    await this.events.append(trx, [{ definition: callRinging, spaceId: row.space_id, data }]);
  }

  /** The call with the carrier's id in it; a call has one carrier. */
  private async carriedBy(trx: TelephonyTrx, row: CallRow, providerCallId: string | null): Promise<CallRow> {
    if (providerCallId === null || row.provider_call_id === providerCallId) return row;
    if (row.provider_call_id !== null) throw taken();
    return this.calls.update(trx, row, { provider_call_id: providerCallId });
  }

  /** @throws ProblemError 404 */
  async require(trx: TelephonyTrx, spaceId: string, callId: string): Promise<CallRow> {
    const row = await this.calls.lock(trx, spaceId, callId);
    if (!row) throw notFound('The call');
    return row;
  }

  /** Whether the call's channel is known to take no calls; what is not known yet is taken as active. */
  async isInactive(trx: TelephonyTrx, row: CallRow): Promise<boolean> {
    const channel = await this.channels.find(trx, row.space_id, row.channel_id);
    return channel !== undefined && channel.status !== 'active';
  }

  /** An agent has answered. The first one to do so connects the call, a later one goes on with it. */
  async connect(
    trx: TelephonyTrx,
    row: CallRow,
    { opened, generation }: { opened: OpenedConversation; generation: number },
  ): Promise<CallRow> {
    if (row.answered_at)
      return generation === row.generation ? row : this.calls.update(trx, row, { generation });
    const at = this.clock.date();
    const connected = await this.calls.update(trx, row, {
      generation,
      phase: 'connected',
      answered_at: at,
      conversation_id: opened.conversationId,
      contact_id: opened.contactId,
      conversation_created: opened.created,
      after_sequence: opened.afterSequence,
    });
    await this.calls.addPhase(trx, connected, 'connected', at);
    const { from_address: from, to_address: to } = connected;
    const data = { ...inCall(connected), from, to, answeredAt: at.toISOString() };
    await this.events.append(trx, [{ definition: callConnected, spaceId: row.space_id, data }]);
    return connected;
  }

  /** Words go to and fro. */
  async activate(trx: TelephonyTrx, row: CallRow): Promise<void> {
    if (row.phase !== 'connected') return;
    await this.calls.update(trx, row, { phase: 'active' });
    await this.calls.addPhase(trx, row, 'active', this.clock.date());
  }

  /** Ends a call once; the first cause stays. */
  async end(
    trx: TelephonyTrx,
    row: CallRow,
    cause: CallCause,
    reason: string | null = null,
  ): Promise<CallRow> {
    if (row.phase === 'ended') return row;
    const at = this.clock.date();
    const ended = await this.calls.update(trx, row, { phase: 'ended', cause, reason, ended_at: at });
    await this.calls.addPhase(trx, ended, 'ended', at);
    // The event of a missed call names its conversation, which is opened first.
    if (isMissed(ended)) await this.tasks.enqueue(trx, [missedCallTask(ended)]);
    else await this.publishEnd(trx, ended);
    const isDialled = row.direction === 'outbound' && row.joined_at === null;
    await this.tasks.enqueue(trx, [
      closeTask(ended),
      ...(isDialled && !endsAtCarrier.has(cause) ? [cancelTask(ended)] : []),
    ]);
    await this.recordings.expectEnd(trx, ended);
    return ended;
  }

  /** Gives a missed call its conversation, and publishes its end; null where none could be opened. */
  async closeMissed(trx: TelephonyTrx, row: CallRow, opened: OpenedConversation | null): Promise<void> {
    if (!isMissed(row)) return;
    if (!opened) return this.publishEnd(trx, row);
    const known = await this.calls.update(trx, row, {
      conversation_id: opened.conversationId,
      contact_id: opened.contactId,
      conversation_created: opened.created,
      after_sequence: opened.afterSequence,
    });
    await this.publishEnd(trx, known);
  }

  private async publishEnd(trx: TelephonyTrx, row: CallRow): Promise<void> {
    const { started_at: startedAt, answered_at: answeredAt, ended_at: endedAt, cause } = row;
    if (!endedAt || !cause) throw new Error('The call has not ended.');
    const data = {
      ...inCall(row),
      cause,
      afterCall: await this.afterCall(trx, row),
      startedAt: startedAt.toISOString(),
      answeredAt: answeredAt?.toISOString() ?? null,
      endedAt: endedAt.toISOString(),
    };
    await this.events.append(trx, [{ definition: callEnded, spaceId: row.space_id, data }]);
  }

  /** Sends an agent into the room, for the present generation. */
  async dispatch(trx: TelephonyTrx, row: CallRow): Promise<void> {
    await this.tasks.enqueue(trx, [dispatchTask(row)]);
  }

  /** The next generation's agent takes the place of one that is gone; null when the call has moved on meanwhile. */
  async replaceAgent(trx: TelephonyTrx, row: CallRow, lost: number): Promise<CallRow | null> {
    if (row.phase === 'ended' || row.generation !== lost) return null;
    const next = await this.calls.update(trx, row, {
      generation: lost + 1,
      dispatched_at: this.clock.date(),
    });
    await this.dispatch(trx, next);
    await this.recordings.lost(trx, next);
    return next;
  }

  /** Removes what is left of an ended call's room. */
  async closeRoom(trx: TelephonyTrx, row: CallRow): Promise<void> {
    await this.tasks.enqueue(trx, [closeTask(row)]);
  }

  /** Tells the call's job to leave; lossy, the room goes besides. */
  tellHangUp(row: CallRow): void {
    this.bus.publish(row.space_id, row.id, { type: 'hang_up', callId: row.id });
  }

  tellDtmf(row: CallRow, digits: string): void {
    this.bus.publish(row.space_id, row.id, { type: 'send_dtmf', callId: row.id, digits });
  }

  /** @throws ProblemError 409 when nobody is at the other end */
  requireHeard(row: CallRow): void {
    if (heard.has(row.phase)) return;
    const state = row.phase === 'ended' ? 'The call has ended.' : 'The call is not answered yet.';
    throw conflict(`${state} Key tones reach a call only while it is connected.`, 'call_not_live');
  }

  async keyPressed(trx: TelephonyTrx, row: CallRow, digit: string): Promise<void> {
    const data = { ...inCall(row), digit, receivedAt: this.clock.date().toISOString() };
    await this.events.append(trx, [{ definition: dtmfReceived, spaceId: row.space_id, data }]);
  }

  /** What the channel says; chats go on after a call from a page. */
  private async afterCall(trx: TelephonyTrx, row: CallRow): Promise<'close' | 'pause' | 'keep'> {
    if (row.deployment_type !== 'CALLS') return 'keep';
    const channel = await this.channels.find(trx, row.space_id, row.channel_id);
    return channel?.after_call ?? 'close';
  }
}

/** Whether a telephone call from outside ended without a conversation. */
function isMissed(row: CallRow): boolean {
  const isInbound = row.deployment_type === 'CALLS' && row.direction === 'inbound';
  return isInbound && row.phase === 'ended' && row.conversation_id === null;
}

function taken(): ProblemError {
  return conflict('Another media stream is connected to this call.', 'call_taken');
}

function inCall(row: CallRow): {
  callId: string;
  channelId: string;
  conversationId: string | null;
  direction: CallRow['direction'];
} {
  return {
    callId: row.id,
    channelId: row.channel_id,
    conversationId: row.conversation_id,
    direction: row.direction,
  };
}

function newRow(
  job: CallJob,
  channel: ChannelRow | undefined,
  now: Date,
): Parameters<CallsRepository['insert']>[1] {
  const own = channel?.identifier ?? job.channelId;
  const outbound = job.direction === 'outbound';
  return {
    space_id: job.spaceId,
    id: job.callId,
    channel_id: job.channelId,
    deployment_type: job.deploymentType,
    conversation_id: job.conversationId,
    contact_id: job.contactId,
    direction: job.direction,
    from_address: outbound ? own : job.sender.id,
    to_address: outbound ? job.sender.id : own,
    phase: 'ringing',
    cause: null,
    job: JSON.stringify(job),
    generation: job.generation,
    dispatched_at: now,
    joined_at: outbound ? now : null,
    caller_sid: null,
    provider_call_id: null,
    provider_sequence: null,
    recording_asset_id: null,
    conversation_created: job.afterSequence === 0,
    after_sequence: job.afterSequence ?? 0,
    started_at: now,
    answered_at: null,
    ended_at: null,
  };
}
