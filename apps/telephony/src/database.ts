import type {
  CallCause,
  CallJob,
  callPhases,
  PhoneCapabilities,
  Recording,
  RecordingReason,
} from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { ColumnType, Generated, Insertable, Selectable, Updateable } from 'kysely';

type Json<Value> = ColumnType<Value, string, string>;

export type CallPhase = (typeof callPhases)[number];

export interface CallTable {
  space_id: string;
  id: string;
  channel_id: string;
  deployment_type: string;
  conversation_id: string | null;
  contact_id: string | null;
  direction: 'inbound' | 'outbound';
  from_address: string;
  to_address: string;
  phase: CallPhase;
  cause: CallCause | null;
  /** What happened to one that was placed and came to nothing, in words for people. */
  reason: ColumnType<string | null, string | null | undefined, string | null>;
  /** What its first job was dispatched with; later ones differ in what the row knows better. */
  job: Json<CallJob>;
  /** The job that may speak for the call: an older one is refused. */
  generation: number;
  dispatched_at: Date;
  /** Since when the sound of one that the platform placed comes; null while it is dialled. */
  joined_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** LiveKit's id of the caller's connection; an older one's leaving does not count. */
  caller_sid: string | null;
  conversation_created: boolean;
  after_sequence: number;
  /** The carrier's id of the call, and how far its news of it were heard. */
  provider_call_id: string | null;
  provider_sequence: number | null;
  /** The latest recording that can be fetched. */
  recording_asset_id: string | null;
  started_at: Date;
  answered_at: Date | null;
  ended_at: Date | null;
  metadata: ColumnType<Record<string, never>, string | undefined, string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface CallPhaseTable {
  space_id: string;
  call_id: string;
  no: Generated<number>;
  phase: CallPhase;
  at: Date;
}

/** One thing said and the answer to it; `id` is the caller's message, or the spoken one where no message was answered. */
export interface CallTurnTable {
  space_id: string;
  call_id: string;
  id: string;
  message_id: string | null;
  reply_id: string | null;
  start_of_speech_at: Date | null;
  end_of_speech_at: Date | null;
  end_of_turn_at: Date | null;
  transcribed_at: Date | null;
  first_token_at: Date | null;
  first_audio_at: Date | null;
  playout_at: Date | null;
  playout_ended_at: Date | null;
  interrupted_at_ms: number | null;
}

/** What calls need to know of channels. */
export interface ChannelTable {
  space_id: string;
  id: string;
  /** Null for one that was last told of before this was kept. */
  deployment_type: string | null;
  status: string;
  identifier: string | null;
  after_call: 'close' | 'pause' | null;
  /** Null where nobody has said: then it is on. */
  recording_enabled: boolean | null;
}

/** A recording of a call by one of its jobs. */
export interface RecordingTable {
  space_id: string;
  call_id: string;
  /** The job that records. */
  generation: number;
  /** The file; null where none could be begun. */
  asset_id: string | null;
  status: Recording['status'];
  reason: RecordingReason | null;
  /** How many the job has sent; null as long as it records, or when it was lost. */
  parts: number | null;
  /** What is there when the job is lost ends before its time. */
  incomplete: Generated<boolean>;
  started_at: Date;
}

/** What calls need to know of their space. */
export interface SpaceTable {
  space_id: string;
  recording_consent: RecordingConsent;
}

/** How callers agree to recordings. */
export type RecordingConsent = 'announcement' | 'opt_in' | 'off';

/** A number that a channel has taken for its calls, and one for its messages. */
export interface PhoneNumberTable {
  space_id: string;
  id: string;
  number: string;
  provider: string;
  provider_number_id: string;
  capabilities: Json<PhoneCapabilities>;
  calls_channel_id: string | null;
  messages_channel_id: string | null;
  metadata: ColumnType<Record<string, never>, string | undefined, string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** The tables of the `telephony` schema. */
export interface Tables {
  call: CallTable;
  call_phase: CallPhaseTable;
  call_turn: CallTurnTable;
  channel: ChannelTable;
  phone_number: PhoneNumberTable;
  recording: RecordingTable;
  space: SpaceTable;
}

export type TelephonyTrx = Trx<Tables>;
export type CallRow = Selectable<CallTable>;
export type NewCallRow = Insertable<CallTable>;
export type CallChange = Updateable<CallTable>;
export type PhaseRow = Selectable<CallPhaseTable>;
export type TurnRow = Selectable<CallTurnTable>;
export type ChannelRow = Selectable<ChannelTable>;
export type RecordingRow = Selectable<RecordingTable>;
export type PhoneNumberRow = Selectable<PhoneNumberTable>;

/** A call that has not ended, as the watch and the reconciler look at it over all spaces. */
export interface LiveCall {
  spaceId: string;
  id: string;
  generation: number;
  answered: boolean;
  startedAt: Date;
  dispatchedAt: Date;
}
