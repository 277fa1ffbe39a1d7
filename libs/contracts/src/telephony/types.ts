import { z } from 'zod';
import { deploymentTypes, TargetSchema } from '../channel/types.ts';
import { Id, MAX_INTEGER, ResourceFields, Timestamp } from '../core/common.ts';
import { toPlainText } from '../core/text.ts';

/** Phases of a call, in the order they come. */
export const callPhases = ['ringing', 'connected', 'active', 'on_hold', 'transferring', 'ended'] as const;

/** Why a call ended. */
export const callCauses = [
  'caller_left',
  'agent_hung_up',
  'hung_up_by_api',
  'silence',
  'agent_lost',
  'connection_lost',
  'no_agent',
  'channel_inactive',
  'time_limit',
  'failed',
  'busy',
  'no_answer',
  'canceled',
  'machine',
] as const;

/** Why a call ended. */
export type CallCause = (typeof callCauses)[number];

/** What carriers call the states of a call. */
export const providerCallStatuses = [
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'canceled',
  'failed',
] as const;

/** One end of a call: a telephone number, or the id a channel knows the caller by. */
export const CallPartySchema = z.object({
  id: z.string().max(200),
  name: z.string().overwrite(toPlainText).nullable(),
});

/** A call. */
export const CallSchema = z
  .object({
    id: Id,
    conversationId: Id.nullable(),
    channelId: Id,
    direction: z.enum(['inbound', 'outbound']),
    from: z.string(),
    to: z.string(),
    phase: z.enum(callPhases),
    cause: z.enum(callCauses).nullable(),
    /** Of a placed call that came to nothing: what happened, and what to do about it. */
    reason: z.string().nullable(),
    startedAt: Timestamp,
    answeredAt: Timestamp.nullable(),
    endedAt: Timestamp.nullable(),
    recordingAssetId: Id.nullable(),
    ...ResourceFields,
  })
  .meta({ id: 'Call' });

/** A call. */
export type Call = z.infer<typeof CallSchema>;

/**
 * One turn of a call, as a waterfall: each moment is a time, null where it did not come or is not known.
 * `latencyMs` is what the caller felt: from the end of speech to the first sound of the answer.
 */
export const CallTurnSchema = z
  .object({
    /** The caller's message; null where the agent spoke first. */
    messageId: Id.nullable(),
    replyId: Id.nullable(),
    startOfSpeechAt: Timestamp.nullable(),
    endOfSpeechAt: Timestamp.nullable(),
    endOfTurnAt: Timestamp.nullable(),
    transcribedAt: Timestamp.nullable(),
    firstTokenAt: Timestamp.nullable(),
    firstAudioAt: Timestamp.nullable(),
    playoutAt: Timestamp.nullable(),
    playoutEndedAt: Timestamp.nullable(),
    interruptedAtMs: z.int().nullable(),
    latencyMs: z.int().nullable(),
  })
  .meta({ id: 'CallTurn' });

/** One turn of a call. */
export type CallTurn = z.infer<typeof CallTurnSchema>;

/** What a call's job is dispatched with: everything it needs to begin. */
export const CallJobSchema = z.object({
  callId: Id,
  spaceId: Id,
  channelId: Id,
  deploymentType: z.enum(deploymentTypes),
  direction: z.enum(['inbound', 'outbound']),
  /** Who calls, as the channel knows them; a visitor's contact is known before it has written anything. */
  sender: CallPartySchema,
  contactId: Id.nullable(),
  target: TargetSchema.nullable(),
  targetName: z.string().nullable(),
  language: z.string().nullable(),
  /** The conversation, where it is known before the call is answered, and from where on its messages are spoken. */
  conversationId: Id.nullable(),
  afterSequence: z.int().nullable(),
  /** 1 for the first job of a call; each one dispatched after a loss counts one more. */
  generation: z.int().min(1).max(MAX_INTEGER),
});

/** What a call's job is dispatched with. */
export type CallJob = z.infer<typeof CallJobSchema>;

/**
 * What a call's job does about its recording: nothing, announce and record, ask and record after a yes, or go on with what
 * a job before it has begun.
 */
export const recordingModes = ['off', 'announce', 'ask', 'resume'] as const;

/** What a call's job does about its recording. */
export type RecordingMode = (typeof recordingModes)[number];

/** States of a recording: it is being made, can be fetched, did not come about, or was deleted. */
export const recordingStatuses = ['recording', 'ready', 'failed', 'deleted'] as const;

/**
 * Why a recording is as it is. `storage_unavailable`: nothing could be stored, so nobody was told and nothing was recorded;
 * `storage_failed`: the storage went away meanwhile; `agent_lost`: what recorded it died; `nothing_recorded`: the call was over
 * before there was any sound; `policy_unknown`: what the space wishes could not be found out; `retention`, `request` and
 * `erasure`: why it was deleted.
 */
export const recordingReasons = [
  'storage_unavailable',
  'storage_failed',
  'agent_lost',
  'nothing_recorded',
  'policy_unknown',
  'retention',
  'request',
  'erasure',
] as const;

/** Why a recording is as it is. */
export type RecordingReason = (typeof recordingReasons)[number];

/** A recording of a call; a call whose agent was lost has several. */
export const RecordingSchema = z
  .object({
    callId: Id,
    /** The file; null where none was begun. */
    assetId: Id.nullable(),
    status: z.enum(recordingStatuses),
    statusReason: z.enum(recordingReasons).nullable(),
    /** It ends before its time. */
    incomplete: z.boolean(),
    startedAt: Timestamp,
  })
  .meta({ id: 'Recording' });

/** A recording of a call. */
export type Recording = z.infer<typeof RecordingSchema>;

/** What a phone number can do, as its provider says. */
export const PhoneCapabilitiesSchema = z.object({
  voice: z.boolean(),
  sms: z.boolean(),
  mms: z.boolean(),
  fax: z.boolean(),
});

/** What a phone number can do. */
export type PhoneCapabilities = z.infer<typeof PhoneCapabilitiesSchema>;

/** A phone number that channels use: one of the CALLS type at most, and one of the SMS type. */
export const PhoneNumberSchema = z
  .object({
    id: Id,
    /** In E.164. */
    number: z.string(),
    provider: z.string(),
    providerNumberId: z.string(),
    capabilities: PhoneCapabilitiesSchema,
    callsChannelId: Id.nullable(),
    messagesChannelId: Id.nullable(),
    ...ResourceFields,
  })
  .meta({ id: 'PhoneNumber' });

/** A phone number that channels use. */
export type PhoneNumber = z.infer<typeof PhoneNumberSchema>;

/** Attributes that a caller's participant carries in its room, named as LiveKit SIP names its own. */
export const callerAttributes = {
  callId: 'parley.callId',
  role: 'parley.role',
  phoneNumber: 'sip.phoneNumber',
  trunkPhoneNumber: 'sip.trunkPhoneNumber',
  providerCallId: 'sip.callID',
} as const;

/** Topics of data packets in a call's room. */
export const callTopics = {
  /** The caller cuts the agent's speech by a button; empty. */
  interrupt: 'parley.interrupt',
  /** The agent's speech was cut; empty. What of it is still on its way shall not be heard. */
  cut: 'parley.cut',
  /** A caller's bridge is there; empty, once a second. When it fails to come, the caller is gone. */
  alive: 'parley.alive',
} as const;
