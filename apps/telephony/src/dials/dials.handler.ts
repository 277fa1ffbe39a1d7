import { Controller } from '@nestjs/common';
import {
  badRequest,
  type Call,
  conflict,
  failDial,
  findTarget,
  getChannel,
  getDial,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  placeCall,
  servicePrincipal,
  tooManyRequests,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import {
  BeforeOperation,
  findReferenced,
  HandleOperation,
  OperationClient,
  type OperationContext,
  Tasks,
} from '@parley/messaging';
import { Clock, InjectConfig } from '@parley/service';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import { toCall } from '../calls/shapes.ts';
import { toChannelRow } from '../channels/channel-row.ts';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import type { TelephonyConfig } from '../config.ts';
import type { ChannelRow, Tables, TelephonyTrx } from '../database.ts';
import { dialTask, expireTask } from './dial-tasks.ts';

type Input = OperationInput<typeof placeCall>;

/** What was found before the transaction: who is to speak, and the channel as it stands. */
interface References {
  targetName: string | null;
  channel: ChannelRow | undefined;
}

const MINUTE_MS = 60_000;
const TARGET_MS = 4000;
/** What a carrier may take beyond the ringing: it lets calls wait before it dials, and its news may be late. */
const LATE_MS = 120_000;

/** Calls that the platform places. The call is stored with the task that has it dialled; nothing is asked of anybody here. */
@Controller()
export class DialsHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly channels: ChannelsRepository,
    private readonly tasks: Tasks,
    private readonly operations: OperationClient,
    private readonly clock: Clock,
    @InjectConfig() private readonly config: TelephonyConfig,
  ) {}

  /** The gateway knows agents and flows, and channels whose events are still on the way. */
  @BeforeOperation(placeCall)
  async beforePlace(input: Input): Promise<References> {
    const [targetName, channel] = await Promise.all([this.targetName(input), this.findChannel(input)]);
    return { targetName, channel };
  }

  private async targetName({ spaceId, target }: Input): Promise<string | null> {
    if (!target) return null;
    const options = { principal: servicePrincipal('telephony', spaceId), deadlineMs: TARGET_MS };
    return (await this.operations.request(findTarget, { spaceId, target }, options)).body.name;
  }

  /** A channel that is not known as active may have been made or activated a moment ago: its owner is asked. */
  private async findChannel({ spaceId, channelId }: Input): Promise<ChannelRow | undefined> {
    const known = await this.database.withSpaces([spaceId], (trx) =>
      this.channels.find(trx, spaceId, channelId),
    );
    if (known?.status === 'active') return known;
    const asker = { service: 'telephony', spaceId };
    const found = await findReferenced(this.operations, getChannel, { spaceId, channelId }, asker);
    return found ? toChannelRow(spaceId, found) : undefined;
  }

  @HandleOperation(placeCall)
  async place(
    input: Input,
    { trx, before: { targetName, channel: found } }: OperationContext<Tables, References>,
  ): Promise<Call> {
    const { spaceId, channelId, to, ringSeconds, detectMachine, target = null } = input;
    requireCallable(to);
    const channel = requireCallsChannel(found, to);
    await this.requireRoom(trx, spaceId);
    const job = {
      ...{ callId: newId('call'), spaceId, channelId, deploymentType: 'CALLS' as const },
      ...{ direction: 'outbound' as const, sender: { id: to, name: null }, contactId: null, generation: 1 },
      // Without a target, who speaks is what the channel says when the call is taken up.
      ...{ target, targetName, language: null, conversationId: null, afterSequence: null },
    };
    const row = await this.calls.place(trx, job, channel);
    const end = new Date(row.started_at.getTime() + ringSeconds * 1000 + LATE_MS);
    await this.tasks.enqueue(trx, [dialTask(row, { ringSeconds, detectMachine }), expireTask(row, end)]);
    return toCall(row);
  }

  @HandleOperation(getDial)
  async get(
    { spaceId, callId }: OperationInput<typeof getDial>,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof getDial>> {
    const row = await this.repository.find(trx, spaceId, callId);
    if (!row) throw notFound('The call');
    const isWanted = row.phase !== 'ended' && row.joined_at === null;
    return { isWanted, providerCallId: row.provider_call_id };
  }

  @HandleOperation(failDial)
  async fail(
    { spaceId, callId, cause, reason }: OperationInput<typeof failDial>,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof failDial>> {
    const row = await this.repository.lock(trx, spaceId, callId);
    if (row?.direction === 'outbound' && row.joined_at === null)
      await this.calls.end(trx, row, cause, reason);
    return {};
  }

  private async requireRoom(trx: TelephonyTrx, spaceId: string): Promise<void> {
    const { CALLS_OUT_MAX, CALLS_OUT_PER_MINUTE, PHONE_LINES } = this.config;
    const since = new Date(this.clock.now() - MINUTE_MS);
    const { live, recent, lines } = await this.repository.countPlaced(trx, spaceId, since);
    if (CALLS_OUT_MAX === 0)
      throw unprocessable('Outbound calls are disabled (CALLS_OUT_MAX is 0).', 'calls_out_off');
    if (live >= CALLS_OUT_MAX)
      throw tooManyRequests(
        `The space has ${live} placed calls that go on, as many as CALLS_OUT_MAX allows. Wait until one has ended.`,
        5,
      );
    if (recent >= CALLS_OUT_PER_MINUTE)
      throw tooManyRequests(
        `The space has placed ${recent} calls within a minute, as many as CALLS_OUT_PER_MINUTE allows. Wait some seconds.`,
        10,
      );
    if (lines >= PHONE_LINES)
      throw tooManyRequests(
        'All telephone lines of this installation are taken, as many as PHONE_LINES says. Wait until a call has ended.',
        5,
      );
  }
}

/** @throws ProblemError 400 for a number that no country has */
function requireCallable(to: string): void {
  if (parsePhoneNumberFromString(to)?.isPossible() === true) return;
  throw badRequest('The number cannot be called.', [
    { pointer: '/to', detail: 'has no country code in use, or too few or too many digits' },
  ]);
}

/** @throws ProblemError where a channel places no call to this number */
function requireCallsChannel(channel: ChannelRow | undefined, to: string): ChannelRow {
  if (!channel || channel.status === 'deleted') throw notFound('The channel');
  if ((channel.deployment_type ?? 'CALLS') !== 'CALLS')
    throw unprocessable('Only a CALLS channel places calls. Name one as channelId.', 'not_a_calls_channel', [
      { pointer: '/channelId', detail: `is a ${channel.deployment_type} channel` },
    ]);
  if (channel.status !== 'active')
    throw conflict('The channel is not active, so it cannot place calls. Activate it.', 'channel_inactive');
  if (channel.identifier === to)
    throw unprocessable('A channel cannot call its own number.', 'own_number', [
      { pointer: '/to', detail: 'is the number of the channel' },
    ]);
  return channel;
}
