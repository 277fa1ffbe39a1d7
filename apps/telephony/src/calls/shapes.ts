import { type Call, type CallJob } from '@parley/contracts';
import type { CallRow } from '../database.ts';

export function toCall(row: CallRow): Call {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    channelId: row.channel_id,
    direction: row.direction,
    from: row.from_address,
    to: row.to_address,
    phase: row.phase,
    cause: row.cause,
    reason: row.reason,
    startedAt: row.started_at.toISOString(),
    answeredAt: row.answered_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    recordingAssetId: row.recording_asset_id,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata,
  };
}

/** What a job of the call's present generation is dispatched with: it finds the conversation where the one before left it. */
export function toJob(row: CallRow): CallJob {
  return {
    ...row.job,
    contactId: row.contact_id,
    conversationId: row.conversation_id,
    afterSequence: row.conversation_id === null ? null : row.after_sequence,
    generation: row.generation,
  };
}
