import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import {
  assetStored,
  conflict,
  notFound,
  ProblemError,
  tooLarge,
  unavailable,
  unprocessable,
} from '@parley/contracts';
import { Database, sleep } from '@parley/database';
import { EventLog, Tasks } from '@parley/messaging';
import type { AssetRow } from '../assets/asset.table.ts';
import { AssetsRepository } from '../assets/assets.repository.ts';
import { toAsset } from '../assets/shapes.ts';
import type { AssetTrx, Tables } from '../database.ts';
import { lieOf } from '../storage/content-type.ts';
import { Digest } from '../storage/digest.ts';
import { objectKey, partNumber, partsPrefix, type Place, uploadKey } from '../storage/keys.ts';
import { type ListedObject, S3Adapter } from '../storage/s3.adapter.ts';
import { clearTask, deleteTasks } from './object-tasks.ts';

/** What a check has found; the object stands under its own key by then. */
export interface Checked {
  token: string;
  size: number;
  sha256: string;
  /** Why the file is kept away; null for one that is what was said. */
  lie: string | null;
  incomplete: boolean;
}

/** A check with whether the whole space may be told of the file. */
export interface Finished {
  checked: Checked | null;
  isPrivate: boolean;
}

/** What is expected of a file in parts. */
export interface PartsExpected {
  parts?: number | undefined;
  incomplete?: boolean;
}

/** Longest time that checking one file takes; the right to do it ends a little later. */
const CHECK_MS = 50_000;
const CLAIM_MS = CHECK_MS + 10_000;
const WAIT_MS = 100;
const NAMED_PARTS = 10;
/** What S3 takes in one request. */
const MOST_BYTES = 5_000_000_000;

/** Looks at what was sent, before anybody else may: one look at a time for each file. */
@Injectable()
export class ChecksService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly assets: AssetsRepository,
    private readonly s3: S3Adapter,
    private readonly events: EventLog,
    private readonly tasks: Tasks,
  ) {}

  /**
   * Checks what was sent and puts it under the file's own key; no transaction is open meanwhile.
   * @returns null for a file that was checked already
   * @throws ProblemError 404, 409 when nothing was sent, 422 when it is not what was said, 503 when S3 is away; the
   *   file stays pending then, and can be sent again
   */
  async check(place: Place, deadline: number, expected: PartsExpected = {}): Promise<Checked | null> {
    const token = randomUUID();
    const row = await this.claim(place, token, deadline);
    if (!row) return null;
    try {
      const signal = AbortSignal.timeout(CHECK_MS);
      const found = row.in_parts
        ? await this.joinParts(row, expected, signal)
        : await this.adopt(row, signal);
      return { token, ...found, incomplete: row.in_parts && expected.incomplete === true };
    } catch (error) {
      await this.in(place, (trx) => this.assets.release(trx, place, token)).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Writes what a check has found.
   * @param options.isPrivate consumers outside, who see what is the whole space's, are not told of the file
   * @returns the file as it is now; undefined for one that was deleted meanwhile
   */
  async settle(
    trx: AssetTrx,
    place: Place,
    checked: Checked | null,
    { isPrivate }: Pick<Finished, 'isPrivate'> = { isPrivate: false },
  ): Promise<AssetRow | undefined> {
    const row = await this.assets.lock(trx, place.spaceId, place.assetId);
    if (!row || row.status !== 'pending') return row;
    if (checked?.token !== row.check_token || !checked)
      throw unavailable('Somebody else checks this file at the moment. Try again in a second.');
    const { size, sha256, lie, incomplete } = checked;
    const settled = await this.assets.update(trx, row, {
      size,
      sha256,
      incomplete,
      status: lie === null ? 'ready' : 'quarantined',
      status_reason: lie,
      check_token: null,
      checking_until: null,
    });
    await this.tasks.enqueue(trx, [clearTask(settled)]);
    if (lie === null) {
      const data = { asset: toAsset(settled), ...(isPrivate ? { audience: [] } : {}) };
      await this.events.append(trx, [{ definition: assetStored, spaceId: place.spaceId, data }]);
    }
    return settled;
  }

  /** A file that was deleted while it was checked leaves nothing behind. */
  async clean(trx: AssetTrx, place: Place): Promise<void> {
    const row = { space_id: place.spaceId, id: place.assetId, status: 'ready' } as AssetRow;
    await this.tasks.enqueue(trx, deleteTasks(row));
  }

  /** Waits for another check of the same file, such as of the same request repeated. */
  private async claim(place: Place, token: string, deadline: number): Promise<AssetRow | null> {
    for (;;) {
      const { claimed, row } = await this.in(place, async (trx) => {
        const taken = await this.assets.claim(trx, place, { token, ms: CLAIM_MS });
        return {
          claimed: taken !== undefined,
          row: taken ?? (await this.assets.find(trx, place.spaceId, place.assetId)),
        };
      });
      if (!row) throw notFound('The file');
      if (claimed) return row;
      if (row.status !== 'pending') return null;
      if (Date.now() + WAIT_MS > deadline)
        throw conflict('The file is being checked at the moment. Try again in a second.', 'still_running');
      await sleep(WAIT_MS);
    }
  }

  /** A file that was sent whole: what was read is what is kept, or nothing is. */
  private async adopt(row: AssetRow, signal: AbortSignal): Promise<Omit<Checked, 'token' | 'incomplete'>> {
    const place = placeOf(row);
    const sent = await this.s3.digest(uploadKey(place), signal);
    if (!sent)
      throw conflict(
        'Nothing was sent yet: PUT the bytes to the address of the upload first.',
        'not_uploaded',
      );
    const { digest, etag } = sent;
    const sha256 = digest.sha256();
    if (digest.size !== row.size)
      throw unprocessable(
        `The file was said to have ${row.size} bytes, and has ${digest.size}. Send it again.`,
        'size_mismatch',
      );
    if (row.sha256 !== null && row.sha256 !== sha256)
      throw unprocessable(
        `The SHA-256 of what was sent is ${sha256}, and not what was said. Send it again.`,
        'checksum_mismatch',
      );
    const lie = await lieOf(digest.head, row.content_type);
    if (!(await this.s3.copy({ key: uploadKey(place), etag }, objectKey(place), signal)))
      throw conflict('The file was sent again while it was checked. Complete it once more.', 'sent_again');
    return { size: digest.size, sha256, lie };
  }

  /** A file that was sent in parts becomes one object, in the order of their numbers. */
  private async joinParts(
    row: AssetRow,
    expected: PartsExpected,
    signal: AbortSignal,
  ): Promise<Omit<Checked, 'token' | 'incomplete'>> {
    const place = placeOf(row);
    const parts = wanted(await this.s3.list(partsPrefix(place), signal), expected);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    if (size === 0) throw conflict('Nothing was sent yet: PUT the first part.', 'not_uploaded');
    if (size > MOST_BYTES) throw tooLarge(`The parts together have ${size} bytes, more than ${MOST_BYTES}.`);
    const digest = new Digest();
    const body = Readable.from(this.read(parts, digest, signal));
    await this.s3.store(objectKey(place), { body, size, contentType: row.content_type }, signal);
    return { size, sha256: digest.sha256(), lie: await lieOf(digest.head, row.content_type) };
  }

  private async *read(
    parts: readonly ListedObject[],
    digest: Digest,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    for (const { key } of parts) {
      const object = await this.s3.open(key, signal);
      if (!object) throw new Error('A part went away while it was read.');
      for await (const chunk of object.body as AsyncIterable<Buffer>) {
        digest.take(chunk);
        yield chunk;
      }
    }
  }

  private in<Result>({ spaceId }: Place, work: (trx: AssetTrx) => Promise<Result>): Promise<Result> {
    return this.database.withSpaces([spaceId], work);
  }
}

export function isNotUploaded(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'not_uploaded';
}

function placeOf(row: AssetRow): Place {
  return { spaceId: row.space_id, assetId: row.id };
}

/** The parts that make the file: all without a gap, or what there is before the first gap of one that was cut off. */
function wanted(listed: readonly ListedObject[], { parts, incomplete }: PartsExpected): ListedObject[] {
  const byNumber = new Map(listed.map((part) => [partNumber(part.key), part]));
  const count = parts ?? Math.max(0, ...byNumber.keys());
  const found: ListedObject[] = [];
  const missing: number[] = [];
  for (let number = 1; number <= count && missing.length < NAMED_PARTS; number += 1) {
    const part = byNumber.get(number);
    if (part) found.push(part);
    else if (incomplete) break;
    else missing.push(number);
  }
  if (missing.length > 0 && byNumber.size > 0)
    throw unprocessable(
      `Of ${count} parts some were not sent: ${missing.join(', ')}. Send them, or complete the file as incomplete.`,
      'parts_missing',
    );
  return found;
}
