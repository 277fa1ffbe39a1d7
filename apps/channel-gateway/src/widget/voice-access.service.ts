import { Injectable } from '@nestjs/common';
import { domainOwners, issueCallToken, servicePrincipal } from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import { InjectConfig, Logger } from '@parley/service';
import type { KnownChannel } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';

/** Where and with what a visitor's browser joins a call. */
export interface CallAccess {
  serverUrl: string;
  participantToken: string;
}

/** A page waits no longer than this for voice: chat goes without. */
const DEADLINE_MS = 800;

/** Tokens with which visitors call: present where voice is on, and never a reason for a chat not to open. */
@Injectable()
export class VoiceAccess {
  constructor(
    private readonly operations: OperationClient,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** Null where voice is off or does not answer in time. */
  async issue(
    channel: KnownChannel,
    visitor: { contactId: string; visitorId: string },
    language: string | null,
  ): Promise<CallAccess | null> {
    if (!this.config.SERVICES.split(',').includes(domainOwners.telephony)) return null;
    const { spaceId, id: channelId, deploymentType, target, targetName } = channel;
    const asked = {
      spaceId,
      channelId,
      deploymentType,
      sender: { id: visitor.visitorId, name: null },
      contactId: visitor.contactId,
      target,
      targetName,
      language: channel.language ?? language,
      // The conversation is that which is active when the call is answered.
      conversationId: null,
      afterSequence: null,
    };
    try {
      const principal = servicePrincipal('channel-gateway', spaceId);
      const { body } = await this.operations.request(issueCallToken, asked, {
        principal,
        deadlineMs: DEADLINE_MS,
      });
      return { serverUrl: body.serverUrl, participantToken: body.participantToken };
    } catch (error) {
      this.logger.warn({ err: error, channelId }, 'No call token, widget opens without voice');
      return null;
    }
  }
}
