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
import {
  alreadyParticipates,
  authorOf,
  requireVisible,
  requireNotDirect,
  participantNotFound,
} from '../access.ts';
import type { Tables } from '../database.ts';
import { type ReferencedEntries, ReferencesService } from '../directory/references.service.ts';
import { toParticipant } from '../shapes.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { participantIdentity, directoryIdsOf, ParticipantsService } from './participants.service.ts';
import { TimelinesService } from './timelines.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

const NO_RESPONDER_LEFT = 'Nobody responds by itself any more.';

/** Operations on the participants of conversations. */
@Controller()
export class ParticipantsHandler {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly participants: ParticipantsService,
    private readonly timelines: TimelinesService,
    private readonly references: ReferencesService,
  ) {}

  @HandleOperation(listParticipants)
  async list(
    input: OperationInput<typeof listParticipants>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listParticipants>> {
    requireVisible(principal, await this.conversations.find(trx, input.spaceId, input.conversationId));
    const rows = await this.conversations.listParticipants(trx, [input.conversationId]);
    return { data: rows.map(toParticipant), nextCursor: null };
  }

  @BeforeOperation(addParticipant)
  async beforeJoin(input: OperationInput<typeof addParticipant>): Promise<ReferencedEntries> {
    return this.references.findMissing(input.spaceId, directoryIdsOf([input]));
  }

  @HandleOperation(addParticipant)
  async join(
    input: OperationInput<typeof addParticipant>,
    { trx, principal, before: found }: Context<ReferencedEntries>,
  ): Promise<OperationOutput<typeof addParticipant>> {
    const timeline = await this.timelines.lock(trx, input, principal);
    requireNotDirect(timeline.conversation);
    const [resolved] = await this.participants.resolve(trx, input.spaceId, {
      inputs: [input],
      referenced: found,
      pointer: '',
    });
    if (!resolved) throw participantNotFound();
    const participants = await this.conversations.listParticipants(trx, [input.conversationId]);
    if (participants.some((one) => participantIdentity(one) === participantIdentity(resolved)))
      throw alreadyParticipates();
    const row = { ...resolved, space_id: input.spaceId, parent_id: input.conversationId };
    await this.conversations.insertParticipants(trx, [row]);
    timeline.addJoined(row);
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
    requireNotDirect(timeline.conversation);
    const row = await this.participants.change(trx, { ...input, parentId: input.conversationId }, input);
    timeline.addParticipantChanged(row);
    const by = authorOf(principal);
    const { owner } = timeline.conversation;
    if (owner === 'none' && row.auto_respond) timeline.setOwner('flow', { by, reason: null });
    if (owner === 'flow' && !timeline.hasResponder())
      timeline.setOwner('none', { by, reason: NO_RESPONDER_LEFT });
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
    requireNotDirect(timeline.conversation);
    const row = await this.conversations.deleteParticipant(trx, spaceId, conversationId, participantId);
    if (!row) throw participantNotFound();
    timeline.addLeft(row);
    if (timeline.conversation.owner === 'flow' && !timeline.hasResponder())
      timeline.setOwner('none', { by: authorOf(principal), reason: NO_RESPONDER_LEFT });
    await this.timelines.write(trx, [timeline]);
    return {};
  }
}
