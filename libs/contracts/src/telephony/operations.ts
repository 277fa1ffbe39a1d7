import { z } from 'zod';
import { MAX_PARTS } from '../asset/types.ts';
import { E164, TargetSchema } from '../channel/types.ts';
import { Id, InSpace, MAX_INTEGER, EmptyOutput, Paging, Timestamp } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import {
  callCauses,
  CallJobSchema,
  callPhases,
  CallSchema,
  CallTurnSchema,
  providerCallStatuses,
  RecordingSchema,
  recordingModes,
} from './types.ts';

export * from './phone-numbers.operations.ts';

const base = '/spaces/:spaceId/calls';
const one = `${base}/:callId`;
const InCall = { ...InSpace, callId: Id };

export const listCalls = defineOperation({
  name: 'telephony.list_calls',
  kind: 'query',
  permission: 'calls:read',
  summary: 'List calls of a space, newest first',
  http: { method: 'GET', path: base },
  input: z.strictObject({
    ...InSpace,
    ...Paging,
    conversationId: Id.optional(),
    channelId: Id.optional(),
    phase: z.enum(callPhases).optional(),
  }),
  output: listOf(CallSchema),
});

export const placeCall = defineOperation({
  name: 'telephony.place_call',
  kind: 'command',
  permission: 'calls:manage',
  summary: 'Place an outbound call from the number of a CALLS channel',
  http: { method: 'POST', path: base, status: 201 },
  input: z.strictObject({
    ...InSpace,
    channelId: Id,
    to: E164,
    /** Who speaks; else whom the channel has as target. */
    target: TargetSchema.optional(),
    /** Seconds it rings before it ends with `no_answer`. */
    ringSeconds: z.int().min(5).max(600).default(60),
    /** Whether a call that a machine takes ends with `machine`; to listen for one delays the first word by seconds. */
    detectMachine: z.boolean().default(false),
  }),
  output: CallSchema,
});

export const getCall = defineOperation({
  name: 'telephony.get_call',
  kind: 'query',
  permission: 'calls:read',
  summary: 'Get a call',
  http: { method: 'GET', path: one },
  input: z.strictObject(InCall),
  output: CallSchema,
});

export const getCallTimeline = defineOperation({
  name: 'telephony.get_call_timeline',
  kind: 'query',
  permission: 'calls:read',
  summary: 'Get the timeline of a call: phases, turns and their latency',
  http: { method: 'GET', path: `${one}/timeline` },
  input: z.strictObject(InCall),
  output: z.object({
    callId: Id,
    phases: z.array(z.object({ phase: z.enum(callPhases), at: Timestamp })),
    turns: z.array(CallTurnSchema),
  }),
});

export const listRecordings = defineOperation({
  name: 'telephony.list_recordings',
  kind: 'query',
  permission: 'calls:read',
  summary: 'List recordings of a call, newest first, each with its file or the reason why there is none',
  http: { method: 'GET', path: `${one}/recordings` },
  input: z.strictObject(InCall),
  output: z.object({ data: z.array(RecordingSchema) }),
});

export const hangUpCall = defineOperation({
  name: 'telephony.hang_up_call',
  kind: 'command',
  permission: 'calls:manage',
  summary: 'Hang up a call',
  http: { method: 'POST', path: `${one}/hangup` },
  input: z.strictObject(InCall),
  output: CallSchema,
});

export const sendDtmf = defineOperation({
  name: 'telephony.send_dtmf',
  kind: 'command',
  permission: 'calls:manage',
  summary: 'Send DTMF digits to the other side of a call; `w` waits half a second',
  http: { method: 'POST', path: `${one}/dtmf` },
  input: z.strictObject({
    ...InCall,
    digits: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[0-9*#A-Dw]+$/, 'has other characters than 0-9, *, #, A-D and w'),
  }),
  output: CallSchema,
});

/** Where a client joins the room of a call. */
const RoomAccess = z.object({
  callId: Id,
  serverUrl: z.string(),
  participantToken: z.string(),
  expiresAt: Timestamp,
});

export const issueCallToken = defineOperation({
  name: 'telephony.issue_call_token',
  kind: 'query',
  permission: 'internal',
  summary: 'Create a token with which a visitor can place one call; nothing is stored before it is used',
  input: z.strictObject({
    ...InSpace,
    ...CallJobSchema.omit({ callId: true, spaceId: true, generation: true, direction: true }).shape,
  }),
  output: RoomAccess,
});

export const startCall = defineOperation({
  name: 'telephony.start_call',
  kind: 'command',
  permission: 'internal',
  summary: 'Start a call whose audio the audio bridge connects to a room',
  secret: true,
  input: z.strictObject({
    ...InSpace,
    ...CallJobSchema.omit({ callId: true, spaceId: true, generation: true }).shape,
    callId: Id,
    /** The carrier's id of the call: with the channel, it starts one call and no second. */
    providerCallId: z.string().min(1).max(100).nullish(),
    /** More attributes of the caller's participant, named as LiveKit SIP names them. */
    attributes: z.record(z.string().regex(/^sip\.[A-Za-z.]{1,60}$/), z.string().max(200)).optional(),
  }),
  output: RoomAccess,
});

export const missCall = defineOperation({
  name: 'telephony.miss_call',
  kind: 'command',
  permission: 'internal',
  summary: 'Report that the audio bridge rejected a caller: the call is stored as ended',
  input: z.strictObject({
    ...InSpace,
    ...CallJobSchema.omit({ callId: true, spaceId: true, generation: true }).shape,
    callId: Id,
    /** The carrier's id of the call: with the channel, it is stored once. */
    providerCallId: z.string().min(1).max(100).nullable(),
    /** `busy`: the bridge carries as many calls as it can; `failed`: the call could not be started. */
    cause: z.enum(['busy', 'failed']),
  }),
  output: CallSchema,
});

export const answerCall = defineOperation({
  name: 'telephony.answer_call',
  kind: 'command',
  permission: 'internal',
  summary: 'Assign a job to a call and open or resume its conversation',
  input: z.strictObject({ ...InSpace, job: CallJobSchema }),
  output: z.object({
    callId: Id,
    conversationId: Id,
    contactId: Id.nullable(),
    /** Whether the conversation began with this call: then its flow greets. */
    created: z.boolean(),
    /** Messages behind this sequence are to be spoken. */
    afterSequence: z.int(),
    /** Milliseconds the call may last. */
    timeLimitMs: z.int(),
    /** Absent: the call is not recorded. */
    recording: z.enum(recordingModes).optional(),
  }),
});

export const beginRecording = defineOperation({
  name: 'telephony.begin_recording',
  kind: 'command',
  permission: 'internal',
  summary: 'Report that a job starts a recording, with the consent that the space requires',
  input: z.strictObject({ ...InCall, assetId: Id, generation: z.int().min(1).max(MAX_INTEGER) }),
  output: EmptyOutput,
});

export const finishRecording = defineOperation({
  name: 'telephony.finish_recording',
  kind: 'command',
  permission: 'internal',
  summary: 'Report that a job has uploaded all parts of a recording',
  input: z.strictObject({
    ...InCall,
    assetId: Id,
    /** Parts that were sent; 0 where there is no sound. */
    parts: z.int().min(0).max(MAX_PARTS),
    /** The storage failed on the way: the file ends before the call. */
    incomplete: z.boolean().default(false),
  }),
  output: EmptyOutput,
});

export const failRecording = defineOperation({
  name: 'telephony.fail_recording',
  kind: 'command',
  permission: 'internal',
  summary: 'Report that a job cannot record because storage is unavailable; the call continues',
  input: z.strictObject({ ...InCall, generation: z.int().min(1).max(MAX_INTEGER) }),
  output: EmptyOutput,
});

export const endCall = defineOperation({
  name: 'telephony.end_call',
  kind: 'command',
  permission: 'internal',
  summary: 'Report that a call ended, with its cause; the room is closed',
  input: z.strictObject({
    ...InCall,
    cause: z.enum(callCauses),
    /** Of the job that reports; one that was replaced ends nothing. Absent for a bridge. */
    generation: z.int().min(1).max(MAX_INTEGER).optional(),
  }),
  output: CallSchema,
});

export const receiveDtmf = defineOperation({
  name: 'telephony.receive_dtmf',
  kind: 'command',
  permission: 'internal',
  summary: 'Report a DTMF digit of the caller',
  input: z.strictObject({ ...InCall, digit: z.string().regex(/^[0-9*#A-D]$/) }),
  output: EmptyOutput,
});

export const receiveProviderStatus = defineOperation({
  name: 'telephony.receive_provider_status',
  kind: 'command',
  permission: 'internal',
  summary: "Report a carrier's status of a call, in any order, also repeatedly",
  input: z.strictObject({
    ...InSpace,
    channelId: Id,
    providerCallId: z.string().min(1).max(100),
    /** The call, where the platform placed it. */
    callId: Id.nullable(),
    status: z.enum(providerCallStatuses),
    /** Counts what is told of one call; null where the carrier does not count. */
    sequenceNumber: z.int().min(0).max(MAX_INTEGER).nullable(),
    /** Who took up, as the carrier heard: `human`, `machine_start`, `fax` and such. */
    answeredBy: z.string().max(50).nullable(),
  }),
  output: EmptyOutput,
});

export const getDial = defineOperation({
  name: 'telephony.get_dial',
  kind: 'query',
  permission: 'internal',
  summary: "Get the state of a call that is being dialled, including its carrier's reports",
  input: z.strictObject(InCall),
  output: z.object({
    /** Whether it is still to be dialled, as far as is known here. */
    isWanted: z.boolean(),
    providerCallId: z.string().nullable(),
  }),
});

export const failDial = defineOperation({
  name: 'telephony.fail_dial',
  kind: 'command',
  permission: 'internal',
  summary: 'Report that a call could not be placed; it ends unless it was answered',
  input: z.strictObject({
    ...InCall,
    cause: z.enum(['failed', 'canceled', 'channel_inactive']),
    /** What happened and what to do about it, in words for people; null where the cause says it all. */
    reason: z.string().max(500).nullable(),
  }),
  output: EmptyOutput,
});

export const receiveLiveKitEvent = defineOperation({
  name: 'telephony.receive_livekit_event',
  kind: 'command',
  permission: 'internal',
  summary: 'Accept a webhook of the LiveKit server',
  input: z.strictObject({ authorization: z.string().max(8000), body: z.string().max(262_144) }),
  output: EmptyOutput,
});
