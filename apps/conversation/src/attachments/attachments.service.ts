import { Injectable } from '@nestjs/common';
import {
  type Asset,
  attachAssets,
  conflict,
  findVisibleAssets,
  type Part,
  type Principal,
  servicePrincipal,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { OperationClient } from '@parley/messaging';
import { isVisitor } from '../access.ts';
import type { Tables } from '../database.ts';
import { MessagesRepository } from '../messages/messages.repository.ts';

const REQUEST_TIMEOUT_MS = 5000;

/** A message with its attachments. */
export interface MessageWithFiles {
  spaceId: string;
  conversationId: string;
  parts: Part[];
  internal?: boolean;
}

/** Verifies the attachments of messages with the assets service. */
@Injectable()
export class AttachmentsService {
  constructor(
    private readonly operations: OperationClient,
    private readonly database: Database<Tables>,
    private readonly messages: MessagesRepository,
  ) {}

  /**
   * Returns the parts with the stored content type and size of their files.
   * @throws ProblemError 422 for a file that the author cannot see or share, 409 for an incomplete upload
   */
  async confirmFiles(principal: Principal, message: MessageWithFiles): Promise<Part[]> {
    const { parts } = message;
    const ids = parts.flatMap((part) => (part.type === 'attachment' ? [part.assetId] : []));
    if (ids.length === 0) return parts;
    const files = isVisitor(principal)
      ? await this.findVisible(principal, message.spaceId, [...new Set(ids)])
      : await this.attach(principal, message, [...new Set(ids)]);
    const filesById = new Map(files.map((file) => [file.id, file]));
    return parts.map((part, index) => {
      if (part.type !== 'attachment') return part;
      const { contentType, size } = requireUsable(
        filesById.get(part.assetId),
        index,
        message.internal === true,
      );
      return { ...part, contentType, size };
    });
  }

  /** Confirms the files of an edited message, which stays a note or stays public. */
  async confirmEditedFiles(
    principal: Principal,
    { messageId, ...message }: Omit<MessageWithFiles, 'internal'> & { messageId: string },
  ): Promise<Part[]> {
    const { spaceId, conversationId, parts } = message;
    if (!parts.some((part) => part.type === 'attachment')) return parts;
    const row = await this.database.withSpaces([spaceId], (trx) =>
      this.messages.find(trx, spaceId, conversationId, messageId),
    );
    return this.confirmFiles(principal, { ...message, internal: row?.internal ?? true });
  }

  private async findVisible(principal: Principal, spaceId: string, assetIds: string[]): Promise<Asset[]> {
    const options = { principal: servicePrincipal('conversation', spaceId), deadlineMs: REQUEST_TIMEOUT_MS };
    const input = { spaceId, principal, assetIds };
    return (await this.operations.request(findVisibleAssets, input, options)).body.assets;
  }

  private async attach(
    principal: Principal,
    { spaceId, conversationId, internal = false }: MessageWithFiles,
    assetIds: string[],
  ): Promise<Asset[]> {
    const options = { principal: servicePrincipal('conversation', spaceId), deadlineMs: REQUEST_TIMEOUT_MS };
    const input = { spaceId, principal, conversationId, assetIds, shown: !internal };
    return (await this.operations.request(attachAssets, input, options)).body.assets;
  }
}

function requireUsable(file: Asset | undefined, index: number, internal: boolean): Asset {
  const pointer = `/parts/${index}/assetId`;
  if (!file)
    throw unprocessable('A part names a file that does not exist.', 'unknown_attachment', [
      { pointer, detail: 'is no file that you can see' },
    ]);
  if (file.status === 'pending')
    throw conflict(
      'A file of the message is not there yet. Complete its upload, then post again.',
      'attachment_not_ready',
    );
  if (file.status === 'quarantined' || (file.internal && !internal))
    throw unprocessable('A file of the message is shown to nobody outside.', 'attachment_withheld', [
      { pointer, detail: file.statusReason ?? 'is visible to members only' },
    ]);
  return file;
}
