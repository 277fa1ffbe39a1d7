import { Injectable } from '@nestjs/common';
import { conflict, notFound, recordingReady, type RecordingWish } from '@parley/contracts';
import { EventLog, Tasks } from '@parley/messaging';
import { Clock } from '@parley/service';
import { CallsRepository } from '../calls/calls.repository.ts';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import type { CallRow, RecordingRow, TelephonyTrx } from '../database.ts';
import { finishTask, lostTask } from './recording-tasks.ts';
import { RecordingsRepository } from './recordings.repository.ts';

/** A job that only stood still may yet send its last part. */
const LOST_AFTER_MS = 10_000;

/** How long a job may take for the last parts of a call that is over. */
const ENDED_AFTER_MS = 60_000;

/** What a job has sent. */
export interface SentParts {
  assetId: string;
  parts: number;
  incomplete: boolean;
}

/** The rules of recordings; each method works under the lock of the call's row. */
@Injectable()
export class RecordingsService {
  constructor(
    private readonly recordings: RecordingsRepository,
    private readonly calls: CallsRepository,
    private readonly channels: ChannelsRepository,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
    private readonly clock: Clock,
  ) {}

  /** What the call's present job shall do: the space's policy goes before the channel's setting. */
  async wish(trx: TelephonyTrx, call: CallRow): Promise<RecordingWish> {
    if (!(await this.isAllowed(trx, call))) return 'off';
    if ((await this.recordings.ofCall(trx, call)).length > 0) return 'resume';
    if ((await this.recordings.consentOf(trx, call.space_id)) === 'announcement') return 'announce';
    // Who was asked by a job before and has not said yes is not asked again.
    return call.generation > 1 ? 'off' : 'ask';
  }

  /** @throws ProblemError 409 when the call is over, another job has it, or it must not be recorded */
  async begin(trx: TelephonyTrx, call: CallRow, job: { assetId: string; generation: number }): Promise<void> {
    if (call.phase === 'ended') throw conflict('The call has ended.', 'call_ended');
    if (call.generation !== job.generation)
      throw conflict('Another agent has taken this call over. Leave its room.', 'superseded');
    if (!(await this.isAllowed(trx, call)))
      throw conflict('Calls of this channel are not recorded.', 'recording_off');
    await this.recordings.insert(trx, call, { id: job.assetId, at: this.clock.date() });
  }

  /** @throws ProblemError 404 */
  async finish(trx: TelephonyTrx, call: CallRow, { assetId, parts, incomplete }: SentParts): Promise<void> {
    const row = await this.recordings.find(trx, call.space_id, assetId);
    if (row?.call_id !== call.id) throw notFound('The recording');
    if (row.status !== 'open' || row.parts !== null) return;
    await this.recordings.update(trx, row, { parts, incomplete });
    await this.tasks.enqueue(trx, [finishTask(row)]);
  }

  /** The call's agent was lost: what it has recorded is kept, though it cannot say so itself. */
  async lost(trx: TelephonyTrx, call: CallRow): Promise<void> {
    await this.completeWithin(trx, call, LOST_AFTER_MS);
  }

  /** The call is over: its recording is completed even when its job does not come to it. */
  async expectEnd(trx: TelephonyTrx, call: CallRow): Promise<void> {
    await this.completeWithin(trx, call, ENDED_AFTER_MS);
  }

  /** Writes that a recording can be fetched, or that there is none. */
  async settle(trx: TelephonyTrx, row: RecordingRow, stored: { incomplete: boolean } | null): Promise<void> {
    const call = await this.calls.lock(trx, row.space_id, row.call_id);
    const now = await this.recordings.find(trx, row.space_id, row.id);
    if (!call || now?.status !== 'open') return;
    await this.recordings.update(trx, row, {
      status: stored ? 'ready' : 'gone',
      incomplete: stored?.incomplete ?? true,
    });
    await this.pointAtLatest(trx, call);
    if (!stored) return;
    const data = {
      callId: call.id,
      channelId: call.channel_id,
      conversationId: call.conversation_id,
      direction: call.direction,
      assetId: row.id,
      incomplete: stored.incomplete,
      readyAt: this.clock.date().toISOString(),
    };
    await this.events.append(trx, [{ definition: recordingReady, spaceId: row.space_id, data }]);
  }

  /** A file was deleted: the call does not name it any more. */
  async forget(trx: TelephonyTrx, spaceId: string, assetId: string): Promise<void> {
    const row = await this.recordings.find(trx, spaceId, assetId);
    const call = row && (await this.calls.lock(trx, spaceId, row.call_id));
    if (!call) return;
    await this.recordings.update(trx, row, { status: 'gone' });
    await this.pointAtLatest(trx, call);
  }

  private async isAllowed(trx: TelephonyTrx, call: CallRow): Promise<boolean> {
    if (call.deployment_type !== 'CALLS') return false;
    const channel = await this.channels.find(trx, call.space_id, call.channel_id);
    if (channel?.recording_enabled === false) return false;
    return (await this.recordings.consentOf(trx, call.space_id)) !== 'off';
  }

  private async completeWithin(trx: TelephonyTrx, call: CallRow, withinMs: number): Promise<void> {
    const dueAt = new Date(this.clock.now() + withinMs);
    const rows = await this.recordings.ofCall(trx, call);
    const open = rows.filter(({ status, parts }) => status === 'open' && parts === null);
    // A task of the same recording is written once.
    await this.tasks.enqueue(
      trx,
      open.map((row) => lostTask(row, dueAt)),
    );
  }

  private async pointAtLatest(trx: TelephonyTrx, call: CallRow): Promise<void> {
    const rows = await this.recordings.ofCall(trx, call);
    const latest = rows.find(({ status }) => status === 'ready')?.id ?? null;
    if (latest !== call.recording_asset_id)
      await this.calls.update(trx, call, { recording_asset_id: latest });
  }
}
