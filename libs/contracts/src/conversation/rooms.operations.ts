import { z } from 'zod';
import { Id, InSpace, Metadata, Name, EmptyOutput, Paging } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import {
  ConversationSchema,
  hasOneId,
  ParticipantChange,
  ParticipantRequest,
  ParticipantSchema,
  RoomSchema,
} from './types.ts';

const InRoom = { ...InSpace, roomId: Id };
const room = '/spaces/:spaceId/rooms/:roomId';

export const createRoom = defineOperation({
  name: 'conversation.create_room',
  kind: 'command',
  permission: 'rooms:manage',
  summary: 'Create a room; answers 200 if the pair already has a direct room',
  http: {
    method: 'POST',
    path: '/spaces/:spaceId/rooms',
    status: 201,
    statusOf: (output) => ((output as { existing?: boolean }).existing ? 200 : 201),
  },
  input: z.strictObject({
    ...InSpace,
    type: z.enum(['standard', 'direct']).default('standard'),
    name: Name.optional(),
    participants: z.array(ParticipantRequest).max(200).default([]),
    metadata: Metadata.optional(),
  }),
  output: RoomSchema.extend({ existing: z.boolean().optional() }).meta({ id: 'CreatedRoom' }),
});

export const listRooms = defineOperation({
  name: 'conversation.list_rooms',
  kind: 'query',
  permission: 'rooms:read',
  summary: 'List rooms of a space',
  http: { method: 'GET', path: '/spaces/:spaceId/rooms' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(RoomSchema),
});

export const getRoom = defineOperation({
  name: 'conversation.get_room',
  kind: 'query',
  permission: 'rooms:read',
  summary: 'Get a room',
  http: { method: 'GET', path: '/spaces/:spaceId/rooms/:roomId' },
  input: z.strictObject({ ...InSpace, roomId: Id }),
  output: RoomSchema,
});

export const updateRoom = defineOperation({
  name: 'conversation.update_room',
  kind: 'command',
  permission: 'rooms:manage',
  summary: 'Update the name or metadata of a room; metadata is merged (RFC 7396)',
  http: { method: 'PATCH', path: room },
  input: z.strictObject({
    ...InRoom,
    name: Name.nullable().optional(),
    metadata: Metadata.nullable().optional(),
  }),
  output: RoomSchema,
});

export const deleteRoom = defineOperation({
  name: 'conversation.delete_room',
  kind: 'command',
  permission: 'rooms:manage',
  summary:
    'Delete a room and its conversations permanently; only its participants can delete a direct room; 409 `call_live` during a call',
  http: { method: 'DELETE', path: room },
  input: z.strictObject(InRoom),
  output: EmptyOutput,
});

export const listRoomParticipants = defineOperation({
  name: 'conversation.list_room_participants',
  kind: 'query',
  permission: 'rooms:read',
  summary: 'List participants of a room',
  http: { method: 'GET', path: `${room}/participants` },
  input: z.strictObject(InRoom),
  output: listOf(ParticipantSchema),
});

export const addRoomParticipant = defineOperation({
  name: 'conversation.add_room_participant',
  kind: 'command',
  permission: 'rooms:manage',
  summary: 'Add a participant to a room; a direct room does not change (409)',
  http: { method: 'POST', path: `${room}/participants`, status: 201 },
  input: z.strictObject({ ...InRoom, ...ParticipantRequest.shape }).refine(...hasOneId),
  output: ParticipantSchema,
});

export const updateRoomParticipant = defineOperation({
  name: 'conversation.update_room_participant',
  kind: 'command',
  permission: 'rooms:manage',
  summary: 'Change a participant of a room; a direct room does not change (409)',
  http: { method: 'PATCH', path: `${room}/participants/:participantId` },
  input: z.strictObject({ ...InRoom, participantId: Id, ...ParticipantChange }),
  output: ParticipantSchema,
});

export const removeRoomParticipant = defineOperation({
  name: 'conversation.remove_room_participant',
  kind: 'command',
  permission: 'rooms:manage',
  summary: 'Remove a participant from a room; a direct room does not change (409)',
  http: { method: 'DELETE', path: `${room}/participants/:participantId` },
  input: z.strictObject({ ...InRoom, participantId: Id }),
  output: EmptyOutput,
});

export const listRoomConversations = defineOperation({
  name: 'conversation.list_room_conversations',
  kind: 'query',
  permission: 'conversations:read',
  summary:
    'List conversations of a room by last activity; a direct room lists them for its two participants only',
  http: { method: 'GET', path: `${room}/conversations` },
  input: z.strictObject({ ...InRoom, ...Paging }),
  output: listOf(ConversationSchema),
});
