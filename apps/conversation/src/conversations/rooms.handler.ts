import { Controller } from '@nestjs/common';
import {
  createRoom,
  getRoom,
  listRooms,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  unprocessable,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { cursorOf, page } from '../access.ts';
import type { ConversationTrx, RoomRow, Tables } from '../database.ts';
import { toParticipant } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { identityOf, type NewParticipant, ParticipantsService } from './participants.service.ts';

type Context = OperationContext<Tables>;
type Room = OperationOutput<typeof getRoom>;

@Controller()
export class RoomsHandler {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly people: ParticipantsService,
  ) {}

  @HandleOperation(createRoom)
  async create(
    input: OperationInput<typeof createRoom>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof createRoom>> {
    const { spaceId, type } = input;
    const participants = await this.people.resolve(trx, spaceId, input.participants);
    const pair = type === 'direct' ? pairOf(participants) : null;
    const known = pair && (await this.conversations.findPair(trx, spaceId, pair));
    if (known) return { ...(await this.view(trx, known)), existing: true };
    const metadata = JSON.stringify(input.metadata ?? {});
    const row = await this.conversations.insertRoom(trx, {
      space_id: spaceId,
      id: newId('room'),
      type,
      name: input.name ?? null,
      pair,
      metadata,
    });
    if (!row) {
      const other = pair && (await this.conversations.findPair(trx, spaceId, pair));
      if (!other) throw new Error('A room could neither be made nor found.');
      return { ...(await this.view(trx, other)), existing: true };
    }
    await this.conversations.insertParticipants(
      trx,
      participants.map((one) => ({ ...one, space_id: spaceId, parent_id: row.id })),
    );
    return this.view(trx, row);
  }

  @HandleOperation(listRooms)
  async list(
    input: OperationInput<typeof listRooms>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listRooms>> {
    const rows = await this.conversations.listRooms(trx, input.spaceId, {
      limit: input.limit,
      before: cursorOf(input.cursor),
    });
    const views = new Map<string, Room>();
    for (const row of rows) views.set(row.id, await this.view(trx, row));
    return page(rows, input.limit, (row) => views.get(row.id) ?? unreachable());
  }

  @HandleOperation(getRoom)
  async get(input: OperationInput<typeof getRoom>, { trx }: Context): Promise<Room> {
    const row = await this.conversations.findRoom(trx, input.spaceId, input.roomId);
    if (!row) throw notFound('The room');
    return this.view(trx, row);
  }

  private async view(trx: ConversationTrx, row: RoomRow): Promise<Room> {
    const participants = await this.conversations.participants(trx, [row.id]);
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
}

function pairOf(participants: readonly NewParticipant[]): string {
  const ids = participants.map(identityOf);
  if (ids.length !== 2) {
    throw unprocessable('A direct room is for two.', 'not_a_pair', [
      { pointer: '/participants', detail: 'names other than two different participants' },
    ]);
  }
  return ids.sort().join(' ');
}

function unreachable(): never {
  throw new Error('A room has no view.');
}
