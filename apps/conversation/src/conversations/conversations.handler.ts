import { Controller } from '@nestjs/common';
import {
  conflict,
  createConversation,
  deleteConversation,
  findHiddenConversations,
  findVisibleConversations,
  getConversation,
  handOff,
  listConversations,
  newId,
  type OperationInput,
  type OperationOutput,
  permissionDenied,
  ProblemError,
  release,
  takeOver,
  unprocessable,
  updateConversation,
} from '@parley/contracts';
import { isUniqueViolation } from '@parley/database';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import {
  audienceFilterOf,
  authorOf,
  directRoomConflict,
  isInAudience,
  isVisitor,
  visitorFilterOf,
  requireVisible,
  requireNotDirect,
} from '../access.ts';
import type { ConversationTrx, RoomRow, Tables } from '../database.ts';
import { type ReferencedEntries, ReferencesService } from '../directory/references.service.ts';
import { mergedMetadata } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { DeletionRepository } from './deletion.repository.ts';
import { DeletionService } from './deletion.service.ts';
import { OpeningService } from './opening.service.ts';
import {
  participantIdentity,
  directoryIdsOf,
  type NewParticipant,
  ParticipantsService,
} from './participants.service.ts';
import { RoomsRepository } from './rooms.repository.ts';
import type { Timeline } from './timeline.ts';
import { TimelinesService } from './timelines.service.ts';
import { ViewsService } from './views.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;
type View = OperationOutput<typeof getConversation>;

@Controller()
export class ConversationsHandler {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly rooms: RoomsRepository,
    private readonly participants: ParticipantsService,
    private readonly opening: OpeningService,
    private readonly timelines: TimelinesService,
    private readonly views: ViewsService,
    private readonly references: ReferencesService,
    private readonly deletion: DeletionService,
    private readonly deletions: DeletionRepository,
  ) {}

  @BeforeOperation(createConversation)
  async beforeCreate({
    spaceId,
    participants,
  }: OperationInput<typeof createConversation>): Promise<ReferencedEntries> {
    return this.references.findMissing(spaceId, directoryIdsOf(participants));
  }

  @HandleOperation(createConversation)
  async create(
    input: OperationInput<typeof createConversation>,
    { trx, principal, before: found }: Context<ReferencedEntries>,
  ): Promise<View> {
    const { spaceId, subject, metadata } = input;
    const room = await this.requireRoom(trx, input);
    const named = await this.participants.resolve(trx, spaceId, {
      inputs: input.participants,
      referenced: found,
    });
    const roomParticipants = room ? await this.roomParticipants(trx, room.id) : [];
    const audience = room?.type === 'direct' ? directAudienceOf(roomParticipants) : null;
    if (audience) requireDirectParticipants(principal, audience, { named, mates: roomParticipants });
    // The room's participants join unless others are named. The creator always joins.
    const participants = withCreator(principal, named.length === 0 || audience ? roomParticipants : named);
    const contact = participants.find((one) => one.contact_id !== null);
    const timeline = await this.opening.open(trx, {
      ...{ spaceId, subject, metadata, audience },
      participants: participants.filter((one) => one !== contact),
      ...(room ? { roomId: room.id } : {}),
      ...(contact?.contact_id ? { contact: { id: contact.contact_id, name: contact.name } } : {}),
    });
    return this.writeAndView(trx, principal, timeline);
  }

  @HandleOperation(listConversations)
  async list(
    input: OperationInput<typeof listConversations>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listConversations>> {
    if (isVisitor(principal)) requireVisibleFilter(input);
    const { limit, sort } = input;
    const rows = await this.conversations.list(trx, {
      ...input,
      own: visitorFilterOf(principal),
      audience: audienceFilterOf(principal),
    });
    return this.views.viewPage(trx, principal, rows, { limit, sort });
  }

  @HandleOperation(getConversation)
  async get(input: OperationInput<typeof getConversation>, { trx, principal }: Context): Promise<View> {
    return this.views.viewOne(
      trx,
      principal,
      requireVisible(principal, await this.conversations.find(trx, input.spaceId, input.conversationId)),
    );
  }

  @HandleOperation(findHiddenConversations)
  async findHidden(
    { spaceId, accountId }: OperationInput<typeof findHiddenConversations>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof findHiddenConversations>> {
    const hidden = await this.conversations.listHiddenFrom(trx, spaceId, accountId);
    return { conversationIds: [...hidden, ...(await this.deletions.listRecentlyDeleted(trx, spaceId))] };
  }

  /** Applies the same rules as the principal's own requests. */
  @HandleOperation(findVisibleConversations)
  async findVisible(
    { spaceId, principal, conversationId, limit }: OperationInput<typeof findVisibleConversations>,
    context: Context,
  ): Promise<OperationOutput<typeof findVisibleConversations>> {
    const callerContext = { ...context, principal };
    if (conversationId === undefined) {
      const { data } = await this.list({ spaceId, limit, sort: 'lastActivity' }, callerContext);
      return { conversationIds: data.map(({ id }) => id) };
    }
    try {
      await this.get({ spaceId, conversationId }, callerContext);
      return { conversationIds: [conversationId] };
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return { conversationIds: [] };
      throw error;
    }
  }

  @BeforeOperation(updateConversation)
  async beforeUpdate({
    spaceId,
    assignee,
  }: OperationInput<typeof updateConversation>): Promise<ReferencedEntries> {
    return this.references.findMissing(spaceId, assignee ? [assignee] : []);
  }

  @HandleOperation(updateConversation)
  async update(
    input: OperationInput<typeof updateConversation>,
    { trx, principal, before: found }: Context<ReferencedEntries>,
  ): Promise<View> {
    const timeline = await this.timelines.lock(trx, input, principal);
    const { subject, labels, metadata } = input;
    if (subject !== undefined || labels || metadata !== undefined) {
      await this.conversations.update(trx, timeline.conversation, {
        ...(subject === undefined ? {} : { subject }),
        ...(labels ? { labels: JSON.stringify(labels) } : {}),
        ...mergedMetadata(timeline.conversation.metadata, metadata),
      });
    }
    if (input.status) timeline.setStatus(input.status);
    if (input.assignee !== undefined) {
      requireNotDirect(timeline.conversation);
      await this.participants.requireAccount(
        trx,
        { spaceId: input.spaceId, accountId: input.assignee },
        found,
      );
      timeline.setOwner(timeline.conversation.owner, {
        assignee: input.assignee,
        by: authorOf(principal),
        reason: null,
      });
    }
    try {
      return await this.writeAndView(trx, principal, timeline);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw conflict(
        'Its sender has another active conversation in this channel. Close that one first.',
        'active_conversation_exists',
      );
    }
  }

  /** Either participant of a direct room can delete its conversations. Others receive 404. */
  @HandleOperation(deleteConversation)
  async delete(
    { spaceId, conversationId }: OperationInput<typeof deleteConversation>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof deleteConversation>> {
    const row = requireVisible(principal, await this.conversations.lock(trx, spaceId, conversationId));
    await this.deletion.delete(trx, spaceId, [row]);
    return {};
  }

  @HandleOperation(takeOver)
  async takeOver(input: OperationInput<typeof takeOver>, { trx, principal }: Context): Promise<View> {
    const timeline = await this.timelines.lock(trx, input, principal);
    requireNotDirect(timeline.conversation);
    timeline.setOwner('human', {
      assignee: principal.accountId ?? null,
      by: authorOf(principal),
      reason: null,
    });
    return this.writeAndView(trx, principal, timeline);
  }

  @HandleOperation(release)
  async release(input: OperationInput<typeof release>, { trx, principal }: Context): Promise<View> {
    const timeline = await this.timelines.lock(trx, input, principal);
    requireNotDirect(timeline.conversation);
    timeline.setOwner(timeline.hasResponder() ? 'flow' : 'none', {
      assignee: null,
      by: authorOf(principal),
      reason: null,
    });
    return this.writeAndView(trx, principal, timeline);
  }

  @HandleOperation(handOff)
  async handOff(input: OperationInput<typeof handOff>, { trx, principal }: Context): Promise<View> {
    const timeline = await this.timelines.lock(trx, input, principal);
    requireNotDirect(timeline.conversation);
    timeline.setOwner('human', {
      assignee: null,
      by: authorOf(principal),
      reason: input.reason ?? null,
      handoff: true,
    });
    return this.writeAndView(trx, principal, timeline);
  }

  /** @throws ProblemError 422 for a room that the space does not have */
  private async requireRoom(
    trx: ConversationTrx,
    { spaceId, roomId }: { spaceId: string; roomId?: string | undefined },
  ): Promise<RoomRow | undefined> {
    if (roomId === undefined) return undefined;
    const room = await this.rooms.lockShared(trx, spaceId, roomId);
    if (room) return room;
    throw unprocessable('The room does not exist.', 'unknown_room', [
      { pointer: '/roomId', detail: 'names no room of this space' },
    ]);
  }

  private async roomParticipants(trx: ConversationTrx, roomId: string): Promise<NewParticipant[]> {
    const rows = await this.conversations.listParticipants(trx, [roomId]);
    return rows.map(({ space_id: _space, parent_id: _room, ...one }) => ({ ...one, id: newId('part') }));
  }

  private async writeAndView(
    trx: ConversationTrx,
    principal: Context['principal'],
    timeline: Timeline,
  ): Promise<View> {
    await this.timelines.write(trx, [timeline]);
    const { space_id: spaceId, id } = timeline.conversation;
    return this.views.viewOne(
      trx,
      principal,
      requireVisible(principal, await this.conversations.find(trx, spaceId, id)),
    );
  }
}

/** The accounts and agents of a direct room. */
function directAudienceOf(participants: readonly NewParticipant[]): string[] {
  return [
    ...new Set(participants.flatMap((one) => [one.account_id ?? [], one.agent_id ?? []].flat())),
  ].sort();
}

/** @throws ProblemError 403 for principals outside the room, 409 if other participants are named */
function requireDirectParticipants(
  principal: Context['principal'],
  audience: readonly string[],
  { named, mates }: { named: readonly NewParticipant[]; mates: readonly NewParticipant[] },
): void {
  if (!isInAudience(principal, audience))
    throw permissionDenied('Only its two participants begin conversations in a direct room.');
  const ids = new Set(mates.map(participantIdentity));
  if (named.some((one) => !ids.has(participantIdentity(one)))) throw directRoomConflict();
}

/** Adds the account that creates a conversation to its participants. */
function withCreator(principal: Context['principal'], invited: NewParticipant[]): NewParticipant[] {
  const { accountId, name } = principal;
  if (!accountId || principal.type === 'visitor' || principal.type === 'service') return invited;
  if (invited.some((one) => participantIdentity(one) === accountId)) return invited;
  const creator: NewParticipant = {
    ...{ id: newId('part'), account_id: accountId, contact_id: null, agent_id: null },
    ...{ name: name ?? 'Member', role: 'owner', auto_respond: false },
  };
  return [...invited, creator];
}

/** Rejects filters on fields that visitors cannot see, because they would disclose the values. */
function requireVisibleFilter({ assignee, label, q }: OperationInput<typeof listConversations>): void {
  if (assignee === undefined && label === undefined && q === undefined) return;
  throw permissionDenied('A visitor cannot filter by assignee, label or q.');
}
