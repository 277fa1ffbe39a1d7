import type { Author, Citation, Message, Part, Reaction } from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { ColumnType, Generated, Selectable } from 'kysely';

type Json<Value> = ColumnType<Value, string, string>;
type JsonDefault<Value> = ColumnType<Value, string | undefined, string>;

interface Stamped {
  metadata: JsonDefault<Record<string, unknown>>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** How a message was spoken. */
export type Speech = NonNullable<Message['speech']>;

export type Status = 'open' | 'paused' | 'closed';
export type Owner = 'flow' | 'human' | 'none';
export type MessageStatus = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';
export interface Target {
  agentId?: string | null;
  flowId?: string | null;
}

export interface RoomTable extends Stamped {
  space_id: string;
  id: string;
  type: 'standard' | 'direct';
  name: string | null;
  pair: string | null;
}

export interface ContactTable extends Stamped {
  space_id: string;
  id: string;
  name: string | null;
  attributes: JsonDefault<Record<string, unknown>>;
  /** The contact that this one became part of: nothing but its id is left of it. */
  merged_into: ColumnType<string | null, string | null | undefined, string | null>;
  /** The name as it is compared, each spelling on a line; null until it is folded. */
  name_folded: ColumnType<string | null, string | null | undefined, string | null>;
}

/** A verified phone number or e-mail address: it identifies one contact of the space on every channel. */
export interface ContactAddressTable {
  space_id: string;
  type: 'phone' | 'email';
  value: string;
  contact_id: string;
  /** The channel that proved it, or that the API named. */
  channel_id: string | null;
  created_at: Generated<Date>;
}

/** When something was last said in a conversation. */
export interface ConversationActivityTable {
  space_id: string;
  conversation_id: string;
  at: Date;
}

/** A conversation that was deleted: what is left of it. */
export interface DeletedConversationTable {
  space_id: string;
  id: string;
  channel_id: string | null;
  deleted_at: Generated<Date>;
}

/** The id by which a deleted message would come again from its channel. */
export interface DeletedMessageTable {
  space_id: string;
  channel_id: string;
  provider_message_id: string;
  deleted_at: Generated<Date>;
}

/** A call that a conversation was opened for, until a while after it ended. */
export interface LiveCallTable {
  space_id: string;
  call_id: string;
  conversation_id: string | null;
  opened_at: Generated<Date>;
  ended_at: Date | null;
}

export interface ContactIdentityTable {
  space_id: string;
  channel_id: string;
  type: 'phone' | 'email' | 'whatsapp' | 'messenger' | 'visitor' | 'custom';
  value: string;
  contact_id: string;
}

/** Names of accounts and agents, known from their facts; an agent's row also names its account. */
export interface DirectoryTable {
  space_id: string;
  id: string;
  account_id: string | null;
  name: string;
}

export interface ConversationTable extends Stamped {
  space_id: string;
  id: string;
  room_id: string;
  channel_id: string | null;
  deployment_type: string | null;
  sender_id: string | null;
  contact_id: string | null;
  target: ColumnType<Target | null, string | null, string | null>;
  status: Status;
  owner: Owner;
  assignee: string | null;
  subject: string | null;
  labels: JsonDefault<string[]>;
  last_sequence: Generated<number>;
  /** The accounts and agents that alone may see it: those of a direct room. Null where the whole space may. */
  audience: ColumnType<string[] | null, string | null | undefined, never>;
  /** Agents that respond, beside the target's. */
  agent_ids: JsonDefault<string[]>;
  /** Whether something was spoken of a message that is not stored yet. */
  awaits_speech: Generated<boolean>;
}

export interface ParticipantTable {
  space_id: string;
  /** The room or conversation. */
  parent_id: string;
  id: string;
  account_id: string | null;
  contact_id: string | null;
  agent_id: string | null;
  name: string;
  role: 'owner' | 'member' | 'observer';
  auto_respond: boolean;
}

export interface MessageTable extends Stamped {
  space_id: string;
  conversation_id: string;
  sequence: number;
  id: string;
  author: Json<Author>;
  parts: Json<Part[]>;
  citations: JsonDefault<Citation[]>;
  reactions: JsonDefault<Reaction[]>;
  reply_to: string | null;
  /** How it was said, or heard, in a call. */
  speech: ColumnType<StoredSpeech | null, string | null | undefined, string | null>;
  internal: Generated<boolean>;
  status: MessageStatus;
  status_reason: string | null;
  channel_id: string | null;
  provider_message_id: string | null;
  edited_at: Date | null;
  deleted_at: Date | null;
}

/** How a message was spoken, in which call, and of which attempt at it that tells. */
export interface StoredSpeech extends Speech {
  attempt: number;
  /** The call it was spoken in; what a caller says has it in its metadata. */
  callId?: string;
}

/** What was spoken of messages that are not stored yet. */
export interface AwaitedSpeechTable {
  space_id: string;
  conversation_id: string;
  message_id: string;
  speech: ColumnType<StoredSpeech, string, string>;
  created_at: Generated<Date>;
}

/** A message as search reads it: its terms, of which version of the segmenter. */
export interface MessageSearchTable {
  space_id: string;
  message_id: string;
  /** As its conversation's. */
  audience: ColumnType<string[] | null, string | null, string | null>;
  created_at: Date;
  version: number;
  terms: string;
}

/** How far the messages of a space are segmented; version 0: not all of them, so the messages themselves are searched too. */
export interface MessageSearchStateTable {
  space_id: string;
  version: Generated<number>;
  since: Generated<Date>;
}

export interface MessageVersionTable {
  space_id: string;
  message_id: string;
  no: number;
  parts: Json<Part[]>;
  replaced_at: Generated<Date>;
}

export interface ReadMarkerTable {
  space_id: string;
  conversation_id: string;
  reader_id: string;
  sequence: number;
  read_at: Generated<Date>;
}

/** A row of the event log, which conversation also reads: it is the history that sockets resume from. */
export interface EventTable {
  id: number;
  event_id: string;
  space_id: string;
  name: string;
  key: string;
  sequence: number | null;
  data: Json<Record<string, unknown>>;
  occurred_at: Date;
}

export interface Tables {
  room: RoomTable;
  contact: ContactTable;
  contact_identity: ContactIdentityTable;
  contact_address: ContactAddressTable;
  live_call: LiveCallTable;
  conversation_activity: ConversationActivityTable;
  deleted_conversation: DeletedConversationTable;
  deleted_message: DeletedMessageTable;
  directory: DirectoryTable;
  conversation: ConversationTable;
  participant: ParticipantTable;
  message: MessageTable;
  message_search: MessageSearchTable;
  message_search_state: MessageSearchStateTable;
  message_version: MessageVersionTable;
  awaited_speech: AwaitedSpeechTable;
  read_marker: ReadMarkerTable;
  event: EventTable;
}

export type ConversationTrx = Trx<Tables>;
export type ConversationRow = Selectable<ConversationTable>;
export type ParticipantRow = Selectable<ParticipantTable>;
export type MessageRow = Selectable<MessageTable>;
export type ContactRow = Selectable<ContactTable>;
export type EventRow = Selectable<EventTable>;
export type RoomRow = Selectable<RoomTable>;
