import { Controller } from '@nestjs/common';
import {
  type Call,
  cursorOf,
  getCall,
  getCallTimeline,
  hangUpCall,
  listCalls,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  sendDtmf,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { CallRow, Tables, TelephonyTrx } from '../database.ts';
import { toTurn } from '../timeline/turn.ts';
import { TurnsRepository } from '../timeline/turns.repository.ts';
import { CallsRepository } from './calls.repository.ts';
import { CallsService } from './calls.service.ts';
import { toCall } from './shapes.ts';

type Context = OperationContext<Tables>;

/** What people and API callers ask about calls. */
@Controller()
export class CallsHandler {
  constructor(
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly turns: TurnsRepository,
  ) {}

  @HandleOperation(listCalls)
  async list(
    input: OperationInput<typeof listCalls>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listCalls>> {
    const { spaceId, limit, cursor, conversationId, channelId, phase } = input;
    const filter = { limit, before: cursorOf(cursor), conversationId, channelId, phase };
    const rows = await this.repository.list(trx, spaceId, filter);
    return pageOf(rows, limit, toCall);
  }

  @HandleOperation(getCall)
  async get(input: OperationInput<typeof getCall>, { trx }: Context): Promise<Call> {
    return toCall(await this.find(trx, input));
  }

  @HandleOperation(getCallTimeline)
  async timeline(
    input: OperationInput<typeof getCallTimeline>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof getCallTimeline>> {
    const row = await this.find(trx, input);
    const phases = await this.repository.phases(trx, row);
    return {
      callId: row.id,
      phases: phases.map(({ phase, at }) => ({ phase, at: at.toISOString() })),
      turns: (await this.turns.list(trx, row)).map(toTurn),
    };
  }

  @HandleOperation(hangUpCall)
  async hangUp(input: OperationInput<typeof hangUpCall>, context: Context): Promise<Call> {
    const row = await this.calls.require(context.trx, input.spaceId, input.callId);
    const ended = await this.calls.end(context.trx, row, 'hung_up_by_api');
    if (ended !== row) context.afterCommit(() => this.calls.tellHangUp(ended));
    return toCall(ended);
  }

  @HandleOperation(sendDtmf)
  async dtmf(input: OperationInput<typeof sendDtmf>, context: Context): Promise<Call> {
    const row = await this.calls.require(context.trx, input.spaceId, input.callId);
    this.calls.requireHeard(row);
    context.afterCommit(() => this.calls.tellDtmf(row, input.digits));
    return toCall(row);
  }

  private async find(
    trx: TelephonyTrx,
    { spaceId, callId }: { spaceId: string; callId: string },
  ): Promise<CallRow> {
    const row = await this.repository.find(trx, spaceId, callId);
    if (!row) throw notFound('The call');
    return row;
  }
}
