import { Injectable } from '@nestjs/common';
import { getDial, ProblemError, servicePrincipal } from '@parley/contracts';
import { Database } from '@parley/database';
import { OperationClient, RetryableError } from '@parley/messaging';
import { Logger, SecretBox } from '@parley/service';
import { phoneProviderFor } from '../adapters/index.ts';
import { type PhoneProvider, type ProviderAccess, ProviderError } from '../adapters/phone-provider.ts';
import { credentialsPlace, readCredentials } from '../channels/channel-directory.service.ts';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import { apiBaseUrlOf } from '../connections/connections.service.ts';
import { ConnectorService } from '../connections/connector.service.ts';
import type { ChannelRow, ChannelTrx, DialRow, Tables } from '../database.ts';
import { DialsRepository } from './dials.repository.ts';
import { canceled, type DialOutcome, failed, late, placed, refused } from './outcomes.ts';

/** Longest pause between storing that a carrier is asked and asking it: who was held up longer does not ask. */
const PROMPT_MS = 2000;
/** After that time, more than a request may take, a call that the carrier does not show was not placed. */
const CERTAIN_MS = 8000;
const LOOK_MS = 1000;
const TELEPHONY_MS = 3000;
/** Nobody's telephone rings on for longer because a carrier asked for a pause. */
const HANG_UP_MS = 5000;

/** A channel with the carrier that dials for it. */
interface Line {
  channel: ChannelRow;
  provider: PhoneProvider;
  access: ProviderAccess;
}

/** Dials once. What was asked without an answer is looked for at the carrier before anything is asked again. */
@Injectable()
export class DialerService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly dials: DialsRepository,
    private readonly channels: ChannelsRepository,
    private readonly connector: ConnectorService,
    private readonly operations: OperationClient,
    private readonly secrets: SecretBox,
    private readonly logger: Logger,
  ) {}

  /**
   * The dial as it stands once it is known whether there is a call.
   * @throws RetryableError while that is not known, or cannot be done now
   */
  async dial(row: DialRow, signal: AbortSignal): Promise<DialRow> {
    const line = await this.lineOf(row);
    if (!line) return this.close(row, failed('noCarrier'));
    if (row.dialed_at !== null) {
      const found = await this.look(row, line, row.dialed_at);
      if (found !== null) return this.close(row, placed(found));
      if (Date.now() - row.dialed_at.getTime() < CERTAIN_MS) throw later('It is not known yet');
    }
    const known = outcomeOf(row, line) ?? (row.dialed_at === null ? null : await this.askTelephony(row));
    return known ? this.close(row, known) : this.ask(row, line, signal);
  }

  /** Before a second dial: the carrier's news may have come for a call that it does not list. */
  private async askTelephony({ space_id: spaceId, id: callId }: DialRow): Promise<DialOutcome | null> {
    const options = { principal: servicePrincipal('channel-gateway', spaceId), deadlineMs: TELEPHONY_MS };
    try {
      const { body } = await this.operations.request(getDial, { spaceId, callId }, options);
      if (body.providerCallId !== null) return placed(body.providerCallId);
      return body.isWanted ? null : canceled;
    } catch (error) {
      if (error instanceof ProblemError && error.status >= 500) throw later('Telephony does not answer');
      throw error;
    }
  }

  /** Has the carrier let go what it has placed. */
  async hangUp(row: DialRow, providerCallId = row.provider_call_id): Promise<void> {
    const line = providerCallId === null ? null : await this.lineOf(row);
    if (!line || providerCallId === null) return;
    try {
      await line.provider.hangUp(line.access, providerCallId);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (error.kind === 'away') throw later(error.message, Math.min(error.afterMs ?? LOOK_MS, HANG_UP_MS));
      this.note(row, error, 'A call could not be let go');
    }
  }

  private async ask(row: DialRow, line: Line, signal: AbortSignal): Promise<DialRow> {
    const webhook = this.connector.wantedWebhook(line.channel, line.provider);
    if (!webhook) return this.close(row, failed('noPublicUrl'));
    const at = new Date();
    if (!(await this.in(row, (trx) => this.dials.setDialed(trx, row, at))))
      throw later('Another has dialled meanwhile', 0);
    if (signal.aborted || Date.now() - at.getTime() > PROMPT_MS) throw later('It was held up');
    const { channel, provider, access } = line;
    const query = `?call=${row.id}`;
    const call = {
      ...{ from: channel.channel_identifier, to: row.to_address },
      ...{ voiceUrl: `${webhook.voiceUrl}${query}`, statusCallback: `${webhook.statusCallback}${query}` },
      ...{ ringSeconds: row.ring_seconds, detectMachine: row.detect_machine },
    };
    try {
      return await this.close(row, placed(await provider.placeCall(access, call)));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return this.unplaced({ ...row, dialed_at: at }, error);
    }
  }

  private async unplaced(row: DialRow, error: ProviderError): Promise<DialRow> {
    this.note(row, error, 'A call was not placed');
    if (error.kind !== 'away') return this.close(row, refused(error.message));
    await this.in(row, (trx) => this.dials.note(trx, row, error.message));
    if (!error.isUndone) throw later(error.message);
    await this.in(row, (trx) => this.dials.setDialed(trx, row, null));
    throw later(error.message, beforeDeadline(row, error.afterMs));
  }

  /** The call that came of a request without answer; null where the carrier shows none. */
  private async look(row: DialRow, { channel, provider, access }: Line, since: Date): Promise<string | null> {
    try {
      const of = { from: channel.channel_identifier, to: row.to_address, since };
      const found = await provider.findCalls(access, of);
      const taken = await this.in(row, (trx) => this.dials.placedTo(trx, row));
      return found.find((id) => !taken.has(id)) ?? null;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.note(row, error, 'A call could not be looked for');
      // Whoever takes up a call that was given up here is let go by the bridge.
      if (Date.now() > row.deadline.getTime() + CERTAIN_MS) return null;
      throw later(error.message, beforeDeadline(row, error.afterMs));
    }
  }

  private async lineOf(row: DialRow): Promise<Line | null> {
    const { space_id: spaceId, channel_id: channelId } = row;
    return this.in(row, async (trx) => {
      const channel = await this.channels.find(trx, spaceId, channelId);
      const provider = channel && phoneProviderFor(channel);
      if (!channel?.sealed_credentials || !provider) return null;
      const place = credentialsPlace(spaceId, channelId);
      const credentials = readCredentials(await this.secrets.open(trx, place, channel.sealed_credentials));
      const access = { credentials, apiBaseUrl: apiBaseUrlOf(channel), fetch: this.connector.fetch };
      return { channel, provider, access };
    });
  }

  private async close(row: DialRow, outcome: DialOutcome): Promise<DialRow> {
    return (await this.in(row, (trx) => this.dials.close(trx, row, outcome))) ?? { ...row, ...outcome };
  }

  private in<Result>(row: DialRow, work: (trx: ChannelTrx) => Promise<Result>): Promise<Result> {
    return this.database.withSpaces([row.space_id], work);
  }

  private note(row: DialRow, { kind, code }: ProviderError, what: string): void {
    this.logger.warn({ callId: row.id, channelId: row.channel_id, kind, code }, what);
  }
}

/** Why nobody is to be asked to dial. */
function outcomeOf(row: DialRow, { channel }: Line): DialOutcome | null {
  if (row.is_canceled) return canceled;
  if (channel.status !== 'active') return failed('inactive');
  return Date.now() > row.deadline.getTime() ? late(row.reason) : null;
}

/** A carrier may ask for a longer pause than a call can wait: when its time is over, that is told. */
function beforeDeadline({ deadline }: DialRow, afterMs: number | null): number | null {
  return afterMs && Math.min(afterMs, Math.max(LOOK_MS, deadline.getTime() - Date.now() + 1));
}

function later(reason: string, afterMs: number | null = null): RetryableError {
  return new RetryableError(reason, { afterMs: afterMs ?? LOOK_MS });
}
