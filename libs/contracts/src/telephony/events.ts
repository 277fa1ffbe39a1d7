import { z } from 'zod';
import { Id, Timestamp } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';
import { callCauses } from './types.ts';

const InCall = {
  callId: Id,
  channelId: Id,
  conversationId: Id.nullable(),
  direction: z.enum(['inbound', 'outbound']),
};
const key = (data: { callId: string }): string => data.callId;

export const callRinging = defineEvent({
  name: 'telephony.call_ringing',
  summary: 'An inbound or outbound call started to ring',
  data: z.object({ ...InCall, from: z.string(), to: z.string(), startedAt: Timestamp }),
  key,
});

export const callConnected = defineEvent({
  name: 'telephony.call_connected',
  summary: 'A call was answered',
  data: z.object({ ...InCall, from: z.string(), to: z.string(), answeredAt: Timestamp }),
  key,
});

export const callEnded = defineEvent({
  name: 'telephony.call_ended',
  summary: 'A call ended, with its cause',
  data: z.object({
    ...InCall,
    cause: z.enum(callCauses),
    /** What becomes of the conversation, by the channel's setting. */
    afterCall: z.enum(['close', 'pause', 'keep']),
    startedAt: Timestamp,
    answeredAt: Timestamp.nullable(),
    endedAt: Timestamp,
  }),
  key,
});

export const dtmfReceived = defineEvent({
  name: 'telephony.dtmf_received',
  summary: 'The caller sent a DTMF digit',
  data: z.object({ ...InCall, digit: z.string().regex(/^[0-9*#A-D]$/), receivedAt: Timestamp }),
  key,
});

export const recordingReady = defineEvent({
  name: 'telephony.recording_ready',
  summary: 'A recording of a call is complete; a call whose agent was replaced has several',
  data: z.object({
    ...InCall,
    assetId: Id,
    /** It ends before its time: what recorded it was lost. */
    incomplete: z.boolean(),
    readyAt: Timestamp,
  }),
  key,
});

export const recordingDeleted = defineEvent({
  name: 'telephony.recording_deleted',
  summary: 'A recording of a call was deleted; if its retention ended, the transcript is deleted too',
  data: z.object({
    ...InCall,
    assetId: Id,
    reason: z.enum(['request', 'retention', 'erasure']),
    deletedAt: Timestamp,
  }),
  key,
});

export const telephonyEvents = [
  callRinging,
  callConnected,
  callEnded,
  dtmfReceived,
  recordingReady,
  recordingDeleted,
];
