import { Injectable } from '@nestjs/common';
import { conflict, getAsset, type Part, unprocessable } from '@parley/contracts';
import { findReferenced, OperationClient } from '@parley/messaging';
import type { InboundMessage } from '../adapters/adapter.ts';

/**
 * Files that messages from outside name. Their owner is asked before the message is accepted: a message that was accepted
 * holds no file that is missing. Messages without files do not wait for it.
 */
@Injectable()
export class InboundAttachments {
  constructor(private readonly operations: OperationClient) {}

  /**
   * The messages with name, type and size of their files as they are stored.
   * @throws ProblemError 422 for a file that is unknown or withheld, 409 for one that is not uploaded yet, 503 while the
   * owner of files does not answer
   */
  async confirm(spaceId: string, messages: InboundMessage[]): Promise<InboundMessage[]> {
    return Promise.all(
      messages.map(async (message) => ({
        ...message,
        parts: await Promise.all(message.parts.map((part, index) => this.confirmPart(spaceId, part, index))),
      })),
    );
  }

  private async confirmPart(spaceId: string, part: Part, index: number): Promise<Part> {
    if (part.type !== 'attachment') return part;
    const { assetId } = part;
    const asker = { service: 'channel-gateway', spaceId };
    const file = await findReferenced(this.operations, getAsset, { spaceId, assetId }, asker);
    const pointer = `/parts/${index}/assetId`;
    if (!file)
      throw unprocessable('A part names a file that does not exist.', 'unknown_attachment', [
        { pointer, detail: 'names no file of this space' },
      ]);
    if (file.status === 'pending')
      throw conflict(
        'A file of the message is not there yet. Complete its upload, then send the message again.',
        'attachment_not_ready',
      );
    if (file.status === 'quarantined' || file.internal)
      throw unprocessable('The message names a file that only members may see.', 'attachment_withheld', [
        { pointer, detail: file.statusReason ?? 'is visible to members only' },
      ]);
    return { ...part, contentType: file.contentType, size: file.size };
  }
}
