import { Controller } from '@nestjs/common';
import {
  answerCall,
  type Call,
  type CallJob,
  conflict,
  endCall,
  issueCallToken,
  newId,
  type OperationInput,
  type OperationOutput,
  missCall,
  receiveDtmf,
  startCall,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { BeforeOperation, HandleOperation, type OperationContext, Rejection } from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import type { TelephonyConfig } from '../config.ts';
import type { CallRow, Tables, TelephonyTrx } from '../database.ts';
import { PolicyService } from '../recordings/policy.service.ts';
import { RecordingsService } from '../recordings/recordings.service.ts';
import { LiveKitAdapter } from '../rooms/livekit.adapter.ts';
import { CallsRepository } from './calls.repository.ts';
import { CallsService, type OpenedConversation } from './calls.service.ts';
import { ConversationOpeningService } from './conversation-opening.service.ts';
import { toCall } from './shapes.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;
type Answer = OperationOutput<typeof answerCall>;

/** What gateway, bridge and jobs ask while a call is placed, answered and ended. */
@Controller()
export class JobsHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly recordings: RecordingsService,
    private readonly policy: PolicyService,
    private readonly liveKit: LiveKitAdapter,
    private readonly opening: ConversationOpeningService,
    @InjectConfig() private readonly config: TelephonyConfig,
  ) {}

  @HandleOperation(issueCallToken)
  async issue(input: OperationInput<typeof issueCallToken>): Promise<OperationOutput<typeof issueCallToken>> {
    const job: CallJob = { ...input, callId: newId('call'), direction: 'inbound', generation: 1 };
    return this.liveKit.access(job, { callsAgent: true });
  }

  @BeforeOperation(startCall)
  async beforeStart({ callId }: OperationInput<typeof startCall>): Promise<void> {
    await this.liveKit.requireThere(callId);
  }

  @HandleOperation(startCall)
  async start(
    input: OperationInput<typeof startCall>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof startCall> | Rejection> {
    const { providerCallId = null, attributes = {}, ...given } = input;
    const job: CallJob = { ...given, generation: 1 };
    const row = await this.calls.ring(trx, job, providerCallId);
    const refusal = await this.refusal(trx, row);
    if (refusal) return refusal;
    // A task of the same generation is written once.
    await this.calls.dispatch(trx, row);
    return this.liveKit.access(job, { callsAgent: false, attributes });
  }

  /** What others know is asked for before a transaction is open. */
  @BeforeOperation(answerCall)
  async beforeAnswer({
    spaceId,
    job,
  }: OperationInput<typeof answerCall>): Promise<OpenedConversation | null> {
    const isTelephone = job.deploymentType === 'CALLS';
    const [opened] = await Promise.all([
      this.openConversation(spaceId, job),
      isTelephone ? this.policy.learn({ spaceId, channelId: job.channelId }) : undefined,
    ]);
    return opened;
  }

  /** The conversation of a call; one that is over or has one needs none. */
  private async openConversation(spaceId: string, job: CallJob): Promise<OpenedConversation | null> {
    if (job.spaceId !== spaceId)
      throw unprocessable('The job belongs to another space than the request names.', 'other_space');
    const skip = await this.database.withSpaces([spaceId], async (trx) => {
      const row = await this.repository.find(trx, spaceId, job.callId);
      return row && (row.phase === 'ended' || row.answered_at !== null || row.generation > job.generation);
    });
    if (skip) return null;
    const { conversationId, contactId, afterSequence } = job;
    if (conversationId !== null)
      return { conversationId, contactId, created: afterSequence === 0, afterSequence: afterSequence ?? 0 };
    return this.opening.open(job);
  }

  @HandleOperation(answerCall)
  async answer(
    { job }: OperationInput<typeof answerCall>,
    { trx, before }: Context<OpenedConversation | null>,
  ): Promise<Answer | Rejection> {
    const row = await this.calls.ring(trx, job);
    const refusal = await this.refusal(trx, row);
    if (refusal) return refusal;
    requirePresent(row, job.generation);
    if (!before && !row.answered_at) throw new Error('The call changed during the request. Try again.');
    const opened = before ?? openedOf(row);
    const connected = await this.calls.connect(trx, row, { opened, generation: job.generation });
    return { ...this.toAnswer(connected), recording: await this.recordings.wish(trx, connected) };
  }

  @HandleOperation(endCall)
  async end(input: OperationInput<typeof endCall>, { trx }: Context): Promise<Call> {
    const row = await this.calls.require(trx, input.spaceId, input.callId);
    if (row.phase !== 'ended') requirePresent(row, input.generation ?? row.generation);
    return toCall(await this.calls.end(trx, row, input.cause));
  }

  @HandleOperation(missCall)
  async miss(input: OperationInput<typeof missCall>, { trx }: Context): Promise<Call> {
    const { providerCallId, cause, ...given } = input;
    const row = await this.calls.ring(trx, { ...given, generation: 1 }, providerCallId);
    return toCall(await this.calls.end(trx, row, cause));
  }

  @HandleOperation(receiveDtmf)
  async keyPressed(
    input: OperationInput<typeof receiveDtmf>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof receiveDtmf>> {
    const row = await this.calls.require(trx, input.spaceId, input.callId);
    this.calls.requireHeard(row);
    await this.calls.keyPressed(trx, row, input.digit);
    return {};
  }

  /** Why a call cannot go on; one that came to an inactive channel ends with that. */
  private async refusal(trx: TelephonyTrx, row: CallRow): Promise<Rejection | null> {
    if (row.phase !== 'ended' && row.answered_at === null && (await this.calls.isInactive(trx, row))) {
      await this.calls.end(trx, row, 'channel_inactive');
      return new Rejection(
        conflict('The channel is not active, so it does not accept calls.', 'channel_inactive'),
      );
    }
    if (row.phase !== 'ended') return null;
    // Whoever came back with a token of an ended call waits in a room of its own.
    await this.calls.closeRoom(trx, row);
    return new Rejection(conflict('The call has ended.', 'call_ended'));
  }

  private toAnswer(row: CallRow): Answer {
    const limit = this.config.CALL_TIME_LIMIT_MINUTES * 60_000;
    const { conversationId, contactId, created, afterSequence } = openedOf(row);
    const lasted = Date.now() - (row.answered_at?.getTime() ?? Date.now());
    const timeLimitMs = Math.max(0, limit - lasted);
    return { callId: row.id, conversationId, contactId, created, afterSequence, timeLimitMs };
  }
}

/** @throws ProblemError 409 for a job whose place another has taken */
function requirePresent(row: CallRow, generation: number): void {
  if (row.generation > generation)
    throw conflict('Another agent took over this call. Leave its room.', 'superseded');
}

function openedOf(row: CallRow): OpenedConversation {
  return {
    conversationId: row.conversation_id ?? '',
    contactId: row.contact_id,
    created: row.conversation_created,
    afterSequence: row.after_sequence,
  };
}
