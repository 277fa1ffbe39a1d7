import { Controller } from '@nestjs/common';
import {
  addParticipant,
  listParticipants,
  type OperationInput,
  type OperationOutput,
  removeParticipant,
  updateParticipant,
} from '@parley/contracts';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import { alreadyTakesPart, authorOf, requireOwn, requireShared, unknownPart } from '../access.ts';
import type { Tables } from '../database.ts';
import { type Found, ReferencesService } from '../directory/references.service.ts';
import { toParticipant } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { identityOf, idsOf, ParticipantsService } from './participants.service.ts';
import { TimelinesService } from './timelines.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

const NOBODY_RESPONDS = 'Nobody responds by itself any more.';

/** Who takes part in a conversation. */
@Controller()
export class ParticipantsHandler {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly people: ParticipantsService,
    private readonly timelines: TimelinesService,
    private readonly references: ReferencesService,
  ) {}

  @HandleOperation(listParticipants)
  async list(
    input: OperationInput<typeof listParticipants>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listParticipants>> {
    requireOwn(principal, await this.conversations.find(trx, input.spaceId, input.conversationId));
    const rows = await this.conversations.participants(trx, [input.conversationId]);
    return { data: rows.map(toParticipant), nextCursor: null };
  }

  @BeforeOperation(addParticipant)
  async beforeJoin(input: OperationInput<typeof addParticipant>): Promise<Found> {
    return this.references.find(input.spaceId, idsOf([input]));
  }

  @HandleOperation(addParticipant)
  async join(
    input: OperationInput<typeof addParticipant>,
    { trx, principal, before: found }: Context<Found>,
  ): Promise<OperationOutput<typeof addParticipant>> {
    const timeline = await this.timelines.lock(trx, input, principal);
    requireShared(timeline.conversation);
    const [resolved] = await this.people.resolve(trx, input.spaceId, {
      asked: [input],
      found,
      pointer: '',
    });
    if (!resolved) throw unknownPart();
    const present = await this.conversations.participants(trx, [input.conversationId]);
    if (present.some((one) => identityOf(one) === identityOf(resolved))) throw alreadyTakesPart();
    const row = { ...resolved, space_id: input.spaceId, parent_id: input.conversationId };
    await this.conversations.insertParticipants(trx, [row]);
    timeline.joined(row);
    if (row.auto_respond && timeline.conversation.owner === 'none')
      timeline.setOwner('flow', { by: authorOf(principal), reason: null });
    await this.timelines.write(trx, [timeline]);
    return toParticipant(row);
  }

  @HandleOperation(updateParticipant)
  async update(
    input: OperationInput<typeof updateParticipant>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof updateParticipant>> {
    const timeline = await this.timelines.lock(trx, input, principal);
    requireShared(timeline.conversation);
    const row = await this.people.change(trx, { ...input, parentId: input.conversationId }, input);
    timeline.participantChanged(row);
    const by = authorOf(principal);
    const { owner } = timeline.conversation;
    if (owner === 'none' && row.auto_respond) timeline.setOwner('flow', { by, reason: null });
    if (owner === 'flow' && !timeline.responds()) timeline.setOwner('none', { by, reason: NOBODY_RESPONDS });
    await this.timelines.write(trx, [timeline]);
    return toParticipant(row);
  }

  @HandleOperation(removeParticipant)
  async leave(
    input: OperationInput<typeof removeParticipant>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof removeParticipant>> {
    const { spaceId, conversationId, participantId } = input;
    const timeline = await this.timelines.lock(trx, input, principal);
    requireShared(timeline.conversation);
    const row = await this.conversations.deleteParticipant(trx, spaceId, conversationId, participantId);
    if (!row) throw unknownPart();
    timeline.left(row);
    if (timeline.conversation.owner === 'flow' && !timeline.responds())
      timeline.setOwner('none', { by: authorOf(principal), reason: NOBODY_RESPONDS });
    await this.timelines.write(trx, [timeline]);
    return {};
  }
}
