import { Injectable } from '@nestjs/common';
import { conflict, newId, notFound, type UploadTarget } from '@parley/contracts';
import { Database } from '@parley/database';
import type { AssetRow } from '../assets/asset.table.ts';
import { AssetsRepository } from '../assets/assets.repository.ts';
import type { AssetTrx, Tables } from '../database.ts';
import { partKey, type Place, uploadKey } from '../storage/keys.ts';
import { S3Adapter } from '../storage/s3.adapter.ts';
import { UPLOAD_SECONDS } from './object-tasks.ts';

/** A file that is awaited. */
export interface Awaited {
  spaceId: string;
  folderId: string | null;
  conversationId: string | null;
  fileName: string;
  contentType: string;
  /** Null for one that comes in parts. */
  size: number | null;
  sha256: string | null;
  internal: boolean;
  metadata: Record<string, unknown>;
}

/** How long the addresses of parts hold: a recorder asks for many ahead. */
const PART_SECONDS = 3600;

/** Files on their way in. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly assets: AssetsRepository,
    private readonly s3: S3Adapter,
  ) {}

  async insert(trx: AssetTrx, file: Awaited): Promise<AssetRow> {
    return this.assets.insert(trx, {
      space_id: file.spaceId,
      id: newId('asset'),
      folder_id: file.folderId,
      conversation_id: file.conversationId,
      file_name: file.fileName,
      content_type: file.contentType,
      size: file.size ?? 0,
      sha256: file.sha256,
      status: 'pending',
      status_reason: null,
      internal: file.internal,
      in_parts: file.size === null,
      check_token: null,
      checking_until: null,
      metadata: JSON.stringify(file.metadata),
    });
  }

  /** Where a file is sent whole; signing asks nobody. */
  async target(row: AssetRow): Promise<UploadTarget> {
    const file = { size: row.size, contentType: row.content_type };
    const key = uploadKey({ spaceId: row.space_id, assetId: row.id });
    return {
      method: 'PUT',
      url: await this.s3.signUpload(key, file, UPLOAD_SECONDS),
      headers: { 'content-type': row.content_type, 'content-length': String(row.size) },
      expiresAt: new Date(Date.now() + UPLOAD_SECONDS * 1000).toISOString(),
    };
  }

  /** Where parts are sent. */
  async partTargets(
    place: Place,
    { first, count }: { first: number; count: number },
  ): Promise<{ parts: { number: number; url: string }[]; expiresAt: string }> {
    const numbers = Array.from({ length: count }, (_none, index) => first + index);
    const parts = numbers.map(async (number) => ({
      number,
      url: await this.s3.signPart(partKey(place, number), PART_SECONDS),
    }));
    return {
      parts: await Promise.all(parts),
      expiresAt: new Date(Date.now() + PART_SECONDS * 1000).toISOString(),
    };
  }

  /**
   * What is sent in parts is for the service to complete that sends it.
   * @throws ProblemError 404, 409
   */
  async requireWhole(place: Place): Promise<void> {
    const { spaceId, assetId } = place;
    const row = await this.database.withSpaces([spaceId], (trx) => this.assets.find(trx, spaceId, assetId));
    if (!row) throw notFound('The file');
    if (row.in_parts && row.status === 'pending')
      throw conflict('The file is still being recorded: it is completed by itself.', 'in_parts');
  }
}
