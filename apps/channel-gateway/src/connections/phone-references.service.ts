import { Injectable } from '@nestjs/common';
import { getPhoneNumber, type PhoneNumber, unprocessable } from '@parley/contracts';
import { findReferenced, OperationClient } from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import type { GatewayConfig } from '../config.ts';

/** A channel's reference to a phone number, as a request gives it. */
export interface PhoneReference {
  configuration: unknown;
  channelIdentifier: unknown;
  /** Where the channel lies in the request, as a JSON pointer. */
  pointer: string;
  /** Whether the request is a channel copied from elsewhere: its number is then found when the channel is verified. */
  isCopy: boolean;
}

/** Checks references to phone numbers at telephony, which owns them. */
@Injectable()
export class PhoneReferences {
  constructor(
    private readonly operations: OperationClient,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** @throws ProblemError 422 for a phone number that does not exist, or is another one than the channel's */
  async require(spaceId: string, reference: PhoneReference): Promise<void> {
    const { configuration, channelIdentifier, pointer, isCopy } = reference;
    const id = (configuration as { phoneConfigurationId?: unknown } | undefined)?.phoneConfigurationId;
    if (typeof id !== 'string') return;
    const known = await this.find(spaceId, id);
    if (!known) {
      if (isCopy) return;
      throw unprocessable('The phone number does not exist.', 'unknown_phone_number', [
        {
          pointer: `${pointer}/configuration/phoneConfigurationId`,
          detail: 'names no phone number of this space',
        },
      ]);
    }
    if (known.number === channelIdentifier) return;
    throw unprocessable(
      `The phone number ${id} is ${known.number}. Give that as channelIdentifier, or leave phoneConfigurationId out.`,
      'number_mismatch',
      [{ pointer: `${pointer}/channelIdentifier`, detail: `is not ${known.number}` }],
    );
  }

  private async find(spaceId: string, phoneNumberId: string): Promise<PhoneNumber | null> {
    // Ids of this installation alone; telephony may be switched off, and there are no numbers then.
    if (!/^phone_[0-9a-z]{1,40}$/.test(phoneNumberId)) return null;
    if (this.config.SERVICES !== '' && !this.config.SERVICES.split(',').includes('telephony')) return null;
    return findReferenced(
      this.operations,
      getPhoneNumber,
      { spaceId, phoneNumberId },
      { service: 'channel-gateway', spaceId },
    );
  }
}
