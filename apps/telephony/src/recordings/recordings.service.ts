import { Injectable } from '@nestjs/common';
import {
  conflict,
  type EventData,
  notFound,
  recordingDeleted,
  type RecordingReason,
  recordingReady,
  type RecordingMode,
} from '@parley/contracts';
import { EventLog, Tasks } from '@parley/messaging';
import { Clock } from '@parley/service';
import { CallsRepository } from '../calls/calls.repository.ts';
import type { CallRow, RecordingRow, TelephonyTrx } from '../database.ts';
import { PolicyService } from './policy.service.ts';
import { finishTask, lostTask, removeTask } from './recording-tasks.ts';
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

/** What came of a file: complete or not, or nothing; and why it is not whole. */
export interface Outcome {
  stored: { incomplete: boolean } | null;
  reason: RecordingReason | null;
}

type Deleted = EventData<typeof recordingDeleted>['reason'];

/** The rules of recordings; each method works under the lock of the call's row. */
@Injectable()
export class RecordingsService {
  constructor(
    private readonly recordings: RecordingsRepository,
    private readonly calls: CallsRepository,
    private readonly policy: PolicyService,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
    private readonly clock: Clock,
  ) {}

  /** What the call's present job shall do: the space's policy goes before the channel's setting. */
  async wish(trx: TelephonyTrx, call: CallRow): Promise<RecordingMode> {
    if (call.deployment_type !== 'CALLS') return 'off';
    const consent = await this.policy.of(trx, call);
    if (consent === null) await this.fail(trx, call, 'policy_unknown');
    if (consent === null || consent === 'off') return 'off';
    const rows = await this.recordings.ofCall(trx, call);
    if (rows.some(({ asset_id }) => asset_id !== null)) return 'resume';
    if (consent === 'announcement') return 'announce';
    // Who was asked by a job before and has not said yes is not asked again.
    return call.generation > 1 ? 'off' : 'ask';
  }

  /** @throws ProblemError 409 when the call is over, another job has it, or it must not be recorded */
  async begin(trx: TelephonyTrx, call: CallRow, job: { assetId: string; generation: number }): Promise<void> {
    if (call.phase === 'ended') throw conflict('The call has ended.', 'call_ended');
    if (call.generation !== job.generation)
      throw conflict('Another agent took over this call. Leave its room.', 'superseded');
    const consent = call.deployment_type === 'CALLS' ? await this.policy.of(trx, call) : 'off';
    if (consent === null || consent === 'off')
      throw conflict('Calls of this channel are not recorded.', 'recording_off');
    const begun = { asset_id: job.assetId, status: 'recording' as const, reason: null };
    await this.recordings.insert(trx, call, { ...begun, started_at: this.clock.date() });
  }

  /** A call goes on without a recording. */
  async fail(trx: TelephonyTrx, call: CallRow, reason: RecordingReason): Promise<void> {
    const failed = { asset_id: null, status: 'failed' as const, reason };
    await this.recordings.insert(trx, call, { ...failed, started_at: this.clock.date() });
  }

  /** @throws ProblemError 404 */
  async finish(trx: TelephonyTrx, call: CallRow, { assetId, parts, incomplete }: SentParts): Promise<void> {
    const row = await this.recordings.find(trx, call.space_id, assetId);
    if (row?.call_id !== call.id) throw notFound('The recording');
    if (row.status !== 'recording' || row.parts !== null) return;
    await this.recordings.update(trx, row, { parts, incomplete });
    await this.tasks.enqueue(trx, [finishTask(call, assetId)]);
  }

  /** The call's agent was lost: what it has recorded is kept, though it cannot say so itself. */
  async lost(trx: TelephonyTrx, call: CallRow): Promise<void> {
    await this.completeWithin(trx, call, LOST_AFTER_MS);
  }

  /** The call is over: its recording is completed even when its job does not come to it. */
  async expectEnd(trx: TelephonyTrx, call: CallRow): Promise<void> {
    await this.completeWithin(trx, call, ENDED_AFTER_MS);
  }

  /** Writes that a recording can be fetched, or why there is none. */
  async settle(trx: TelephonyTrx, row: RecordingRow, { stored, reason }: Outcome): Promise<void> {
    const call = await this.calls.lock(trx, row.space_id, row.call_id);
    const now = call && (await this.recordings.ofCall(trx, call)).find(isSame(row));
    if (!call || now?.status !== 'recording' || now.asset_id === null) return;
    const incomplete = stored?.incomplete ?? true;
    await this.recordings.update(trx, row, { status: stored ? 'ready' : 'failed', reason, incomplete });
    await this.pointAtLatest(trx, call);
    if (!stored) return;
    const readyAt = this.clock.date().toISOString();
    const data = { ...tellingOf(call), assetId: now.asset_id, incomplete, readyAt };
    await this.events.append(trx, [{ definition: recordingReady, spaceId: row.space_id, data }]);
  }

  /** A file was deleted: the call does not name it any more. */
  async forget(
    trx: TelephonyTrx,
    spaceId: string,
    file: { assetId: string; reason: Deleted },
  ): Promise<void> {
    const row = await this.recordings.find(trx, spaceId, file.assetId);
    const call = row && (await this.calls.lock(trx, spaceId, row.call_id));
    if (call) await this.drop(trx, call, file);
  }

  /** Whoever spoke in a conversation was erased: so is their voice. */
  async erase(trx: TelephonyTrx, spaceId: string, conversationId: string): Promise<void> {
    for (const callId of await this.recordings.callsOf(trx, spaceId, conversationId)) {
      const call = await this.calls.lock(trx, spaceId, callId);
      const rows = call ? await this.recordings.ofCall(trx, call) : [];
      for (const { asset_id: assetId, status } of rows) {
        if (!call || assetId === null || status === 'deleted') continue;
        await this.drop(trx, call, { assetId, reason: 'erasure' });
        await this.tasks.enqueue(trx, [removeTask(call, assetId)]);
      }
    }
  }

  private async drop(
    trx: TelephonyTrx,
    call: CallRow,
    { assetId, reason }: { assetId: string; reason: Deleted },
  ): Promise<void> {
    const row = (await this.recordings.ofCall(trx, call)).find(({ asset_id }) => asset_id === assetId);
    if (!row || row.status === 'deleted') return;
    await this.recordings.update(trx, row, { status: 'deleted', reason });
    await this.pointAtLatest(trx, call);
    const deletedAt = this.clock.date().toISOString();
    const data = { ...tellingOf(call), assetId, reason, deletedAt };
    await this.events.append(trx, [{ definition: recordingDeleted, spaceId: call.space_id, data }]);
  }

  private async completeWithin(trx: TelephonyTrx, call: CallRow, withinMs: number): Promise<void> {
    const dueAt = new Date(this.clock.now() + withinMs);
    const rows = await this.recordings.ofCall(trx, call);
    const open = rows.filter(({ status, parts }) => status === 'recording' && parts === null);
    // A task of the same recording is written once.
    const tasks = open.flatMap(({ asset_id }) => (asset_id ? [lostTask(call, asset_id, dueAt)] : []));
    await this.tasks.enqueue(trx, tasks);
  }

  private async pointAtLatest(trx: TelephonyTrx, call: CallRow): Promise<void> {
    const rows = await this.recordings.ofCall(trx, call);
    const latest = rows.find(({ status }) => status === 'ready')?.asset_id ?? null;
    if (latest !== call.recording_asset_id)
      await this.calls.update(trx, call, { recording_asset_id: latest });
  }
}

function isSame({ generation }: RecordingRow): (one: RecordingRow) => boolean {
  return (one) => one.generation === generation;
}

function tellingOf({
  id: callId,
  channel_id: channelId,
  conversation_id: conversationId,
  direction,
}: CallRow) {
  return { callId, channelId, conversationId, direction };
}
