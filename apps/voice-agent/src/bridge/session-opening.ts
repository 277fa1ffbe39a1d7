import { getCallProfile, newId, openForChannel, servicePrincipal } from '@parley/contracts';
import { service, type SessionChannel, type SessionParts } from './session-parts.ts';

/** A client waits no longer than this to hear how the conversation opens. */
const PROFILE_MS = 1500;

/** The conversation of one session: it is named from the start, and begun with the first input. */
export class SessionOpening {
  readonly conversationId = newId('conv');
  readonly sender = { id: newId('vis'), name: null };
  readonly channel: SessionChannel;
  contactId: string | null = null;
  private readonly parts: SessionParts;
  private opened: Promise<void> | null = null;

  constructor(parts: SessionParts, channel: SessionChannel) {
    this.parts = parts;
    this.channel = channel;
  }

  /** Begins the conversation, once; a failure is tried anew by the next input. */
  open(): Promise<void> {
    this.opened ??= this.begin().catch((error: unknown) => {
      this.opened = null;
      throw error;
    });
    return this.opened;
  }

  /** What the conversation will be told before its contact says anything; nothing where that is not known in time. */
  async preview(): Promise<string[]> {
    const { spaceId, target } = this.channel;
    const options = { principal: servicePrincipal(service, spaceId), deadlineMs: PROFILE_MS };
    try {
      const asked = { spaceId, target, conversationId: null };
      const { body } = await this.parts.operations.request(getCallProfile, asked, options);
      return body.opening ?? [];
    } catch (error) {
      this.parts.logger.debug({ err: error, spaceId }, 'Reading the opening of a flow failed');
      return [];
    }
  }

  private async begin(): Promise<void> {
    const { conversationId, sender } = this;
    const { spaceId, channelId, deploymentType, target, targetName } = this.channel;
    const { body } = await this.parts.operations.request(
      openForChannel,
      { spaceId, channelId, deploymentType, sender, contactId: null, target, targetName, conversationId },
      { principal: servicePrincipal(service, spaceId) },
    );
    this.contactId = body.contactId;
  }
}
