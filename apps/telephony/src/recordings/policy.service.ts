import { Injectable } from '@nestjs/common';
import { getChannel, getSpace, servicePrincipal } from '@parley/contracts';
import { Database } from '@parley/database';
import { OperationClient, reasonOf } from '@parley/messaging';
import { Logger } from '@parley/service';
import { toChannelRow } from '../channels/channel-row.ts';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import type { CallRow, RecordingConsent, Tables, TelephonyTrx } from '../database.ts';
import { RecordingsRepository } from './recordings.repository.ts';

const ASK_MS = 2500;

/** Where a call came in. */
interface Place {
  spaceId: string;
  channelId: string;
}

/**
 * What space and channel say of recordings. Their facts tell of every change; whoever was there before there were recordings is
 * asked once.
 */
@Injectable()
export class PolicyService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly channels: ChannelsRepository,
    private readonly recordings: RecordingsRepository,
    private readonly operations: OperationClient,
    private readonly logger: Logger,
  ) {}

  /** Finds out what is not known yet, while no transaction is open; what cannot be found out stays unknown. */
  async learn(place: Place): Promise<void> {
    const known = await this.database.withSpaces([place.spaceId], async (trx) => ({
      space: await this.recordings.consentOf(trx, place.spaceId),
      channel: await this.channels.find(trx, place.spaceId, place.channelId),
    }));
    const isChannelKnown = typeof known.channel?.recording_enabled === 'boolean';
    const asked = [
      ...(known.space ? [] : [this.askSpace(place)]),
      ...(isChannelKnown ? [] : [this.askChannel(place)]),
    ];
    for (const result of await Promise.allSettled(asked))
      if (result.status === 'rejected')
        this.logger.warn(
          { ...place, reason: reasonOf(result.reason) },
          'Reading the recording policy failed',
        );
  }

  /** How callers agree, `off` where the channel says no; null where that is not known. */
  async of(trx: TelephonyTrx, call: CallRow): Promise<RecordingConsent | null> {
    const consent = await this.recordings.consentOf(trx, call.space_id);
    const channel = await this.channels.find(trx, call.space_id, call.channel_id);
    if (consent === 'off' || channel?.recording_enabled === false) return 'off';
    return channel?.recording_enabled ? consent : null;
  }

  private async askSpace({ spaceId }: Place): Promise<void> {
    const { body } = await this.operations.request(getSpace, { spaceId }, this.asking(spaceId));
    await this.database.withSpaces([spaceId], (trx) =>
      this.recordings.learnConsent(trx, spaceId, body.settings.recordingConsent),
    );
  }

  private async askChannel({ spaceId, channelId }: Place): Promise<void> {
    const { body } = await this.operations.request(getChannel, { spaceId, channelId }, this.asking(spaceId));
    await this.database.withSpaces([spaceId], (trx) =>
      this.channels.learnRecording(trx, toChannelRow(spaceId, body)),
    );
  }

  private asking(spaceId: string): Parameters<OperationClient['request']>[2] {
    return { principal: servicePrincipal('telephony', spaceId), deadlineMs: ASK_MS };
  }
}
