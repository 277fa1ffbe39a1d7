import { Controller } from '@nestjs/common';
import {
  addRoomParticipant,
  createRoom,
  cursorOf,
  deleteRoom,
  getRoom,
  listRoomConversations,
  listRoomParticipants,
  listRooms,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  removeRoomParticipant,
  permissionDenied,
  type Principal,
  unprocessable,
  updateRoom,
  updateRoomParticipant,
} from '@parley/contracts';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import {
  alreadyParticipates,
  audienceFilterOf,
  directRoomConflict,
  isInAudience,
  participantNotFound,
} from '../access.ts';
import type { ConversationTrx, ParticipantRow, RoomRow, Tables } from '../database.ts';
import { type ReferencedEntries, ReferencesService } from '../directory/references.service.ts';
import { mergedMetadata, toParticipant } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { DeletionService } from './deletion.service.ts';
import {
  participantIdentity,
  directoryIdsOf,
  type NewParticipant,
  ParticipantsService,
} from './participants.service.ts';
import { RoomsRepository } from './rooms.repository.ts';
import { ViewsService } from './views.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;
type Room = OperationOutput<typeof getRoom>;

@Controller()
export class RoomsHandler {
  constructor(
    private readonly rooms: RoomsRepository,
    private readonly conversations: ConversationsRepository,
    private readonly participantsService: ParticipantsService,
    private readonly views: ViewsService,
    private readonly references: ReferencesService,
    private readonly deletion: DeletionService,
  ) {}

  @BeforeOperation(createRoom)
  async beforeCreate({
    spaceId,
    participants,
  }: OperationInput<typeof createRoom>): Promise<ReferencedEntries> {
    return this.references.findMissing(spaceId, directoryIdsOf(participants));
  }

  @HandleOperation(createRoom)
  async create(
    input: OperationInput<typeof createRoom>,
    { trx, principal, before: found }: Context<ReferencedEntries>,
  ): Promise<OperationOutput<typeof createRoom>> {
    const { spaceId, type } = input;
    const participants = await this.participantsService.resolve(trx, spaceId, {
      inputs: input.participants,
      referenced: found,
    });
    const pair = type === 'direct' ? pairOf(participants) : null;
    const row = await this.rooms.insert(trx, {
      space_id: spaceId,
      id: newId('room'),
      type,
      name: input.name ?? null,
      pair,
      metadata: JSON.stringify(input.metadata ?? {}),
    });
    if (!row) {
      const requireRoom = pair && (await this.rooms.findPair(trx, spaceId, pair));
      if (!requireRoom) throw new Error('A room could neither be created nor found.');
      return { ...(await this.view(trx, requireRoom, principal)), existing: true };
    }
    await this.conversations.insertParticipants(
      trx,
      participants.map((one) => ({ ...one, space_id: spaceId, parent_id: row.id })),
    );
    return this.view(trx, row, principal);
  }

  @HandleOperation(listRooms)
  async list(
    input: OperationInput<typeof listRooms>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listRooms>> {
    const { spaceId, limit } = input;
    const rows = await this.rooms.list(trx, spaceId, { limit, before: cursorOf(input.cursor) });
    const participants = await this.conversations.listParticipants(
      trx,
      rows.map(({ id }) => id),
    );
    return pageOf(rows, limit, (row) =>
      toRoom(
        row,
        participants.filter((one) => one.parent_id === row.id),
        principal,
      ),
    );
  }

  @HandleOperation(getRoom)
  async get(input: OperationInput<typeof getRoom>, { trx, principal }: Context): Promise<Room> {
    return this.view(trx, known(await this.rooms.find(trx, input.spaceId, input.roomId)), principal);
  }

  @HandleOperation(updateRoom)
  async update(input: OperationInput<typeof updateRoom>, { trx, principal }: Context): Promise<Room> {
    const { spaceId, roomId, name, metadata } = input;
    const row = known(await this.rooms.lock(trx, spaceId, roomId));
    await this.requireParticipant(trx, row, principal);
    const changed = await this.rooms.update(trx, row, {
      ...(name === undefined ? {} : { name }),
      ...mergedMetadata(row.metadata, metadata),
    });
    return this.view(trx, changed, principal);
  }

  @HandleOperation(deleteRoom)
  async delete(
    { spaceId, roomId }: OperationInput<typeof deleteRoom>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof deleteRoom>> {
    const row = known(await this.rooms.lock(trx, spaceId, roomId));
    await this.requireParticipant(trx, row, principal);
    await this.deletion.deleteRoom(trx, spaceId, roomId);
    return {};
  }

  @HandleOperation(listRoomParticipants)
  async listParticipants(
    input: OperationInput<typeof listRoomParticipants>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listRoomParticipants>> {
    const { id } = known(await this.rooms.find(trx, input.spaceId, input.roomId));
    return {
      data: (await this.conversations.listParticipants(trx, [id])).map(toParticipant),
      nextCursor: null,
    };
  }

  @BeforeOperation(addRoomParticipant)
  async beforeJoin(input: OperationInput<typeof addRoomParticipant>): Promise<ReferencedEntries> {
    return this.references.findMissing(input.spaceId, directoryIdsOf([input]));
  }

  @HandleOperation(addRoomParticipant)
  async join(
    input: OperationInput<typeof addRoomParticipant>,
    { trx, before: found }: Context<ReferencedEntries>,
  ): Promise<OperationOutput<typeof addRoomParticipant>> {
    const { spaceId, roomId } = input;
    const room = requireStandard(await this.rooms.lock(trx, spaceId, roomId));
    const [resolved] = await this.participantsService.resolve(trx, spaceId, {
      inputs: [input],
      referenced: found,
      pointer: '',
    });
    if (!resolved) throw participantNotFound();
    const participants = await this.conversations.listParticipants(trx, [room.id]);
    if (participants.some((one) => participantIdentity(one) === participantIdentity(resolved)))
      throw alreadyParticipates();
    const row = { ...resolved, space_id: spaceId, parent_id: room.id };
    await this.conversations.insertParticipants(trx, [row]);
    return toParticipant(row);
  }

  @HandleOperation(updateRoomParticipant)
  async change(
    input: OperationInput<typeof updateRoomParticipant>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof updateRoomParticipant>> {
    const { spaceId, roomId, participantId } = input;
    requireStandard(await this.rooms.lock(trx, spaceId, roomId));
    return toParticipant(
      await this.participantsService.change(trx, { spaceId, parentId: roomId, participantId }, input),
    );
  }

  @HandleOperation(removeRoomParticipant)
  async leave(
    input: OperationInput<typeof removeRoomParticipant>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof removeRoomParticipant>> {
    const { spaceId, roomId, participantId } = input;
    requireStandard(await this.rooms.lock(trx, spaceId, roomId));
    if (!(await this.conversations.deleteParticipant(trx, spaceId, roomId, participantId)))
      throw participantNotFound();
    return {};
  }

  @HandleOperation(listRoomConversations)
  async listConversations(
    input: OperationInput<typeof listRoomConversations>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listRoomConversations>> {
    const { spaceId, roomId, limit } = input;
    await this.requireParticipant(trx, known(await this.rooms.find(trx, spaceId, roomId)), principal);
    const rows = await this.conversations.list(trx, {
      ...{ spaceId, roomId, limit, cursor: input.cursor, sort: 'lastActivity' },
      audience: audienceFilterOf(principal),
    });
    return this.views.viewPage(trx, principal, rows, { limit, sort: 'lastActivity' });
  }

  private async view(trx: ConversationTrx, row: RoomRow, principal: Principal): Promise<Room> {
    return toRoom(row, await this.conversations.listParticipants(trx, [row.id]), principal);
  }

  /** @throws ProblemError 403 for principals outside a direct room */
  private async requireParticipant(trx: ConversationTrx, row: RoomRow, principal: Principal): Promise<void> {
    if (row.type !== 'direct') return;
    if (isParticipant(principal, await this.conversations.listParticipants(trx, [row.id]))) return;
    throw permissionDenied('What is in a direct room is for its two participants alone.');
  }
}

function isParticipant(principal: Principal, participants: readonly ParticipantRow[]): boolean {
  return isInAudience(
    principal,
    participants.flatMap((one) => one.account_id ?? []),
  );
}

/** Hides the name and metadata of a direct room from principals outside it. */
function toRoom(row: RoomRow, participants: readonly ParticipantRow[], principal: Principal): Room {
  if (row.type === 'direct' && !isParticipant(principal, participants))
    return toPublicRoom({ ...row, name: null, metadata: {} }, participants);
  return toPublicRoom(row, participants);
}

function toPublicRoom(row: RoomRow, participants: readonly ParticipantRow[]): Room {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    participants: participants.map(toParticipant),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Room['metadata'],
  };
}

function known(row: RoomRow | undefined): RoomRow {
  if (!row) throw notFound('The room');
  return row;
}

function requireStandard(row: RoomRow | undefined): RoomRow {
  const room = known(row);
  if (room.type === 'direct') throw directRoomConflict();
  return room;
}

function pairOf(participants: readonly NewParticipant[]): string {
  const ids = participants.map(participantIdentity);
  const contact = participants.findIndex((one) => one.contact_id !== null);
  if (contact >= 0)
    throw unprocessable('A direct room is for accounts and agents.', 'direct_room_contact', [
      { pointer: `/participants/${contact}/contactId`, detail: 'is a contact: use a standard room' },
    ]);
  if (ids.length !== 2) {
    throw unprocessable('A direct room is for two.', 'not_a_pair', [
      { pointer: '/participants', detail: 'names other than two different participants' },
    ]);
  }
  return ids.sort().join(' ');
}
