import type { Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { unavailable } from '@parley/contracts';
import { requireNoTransaction } from '@parley/database';
import { HealthChecks, InjectConfig, Logger } from '@parley/service';
import type { AssetsConfig } from '../config.ts';
import { type Digest, digestOf } from './digest.ts';

/** An object that is being read. */
export interface OpenObject {
  body: Readable;
  etag: string;
}

/** An object as a list names it. */
export interface ListedObject {
  key: string;
  size: number;
}

/** How a browser shows what it downloads. */
export interface Download {
  contentType: string;
  disposition: string;
}

const CONNECT_MS = 2000;
const ANSWER_MS = 10_000;
const THERE_MS = 3000;
const GET_SECONDS = 300;
const CACHE_SECONDS = 240;

/** The only one who speaks with the S3 server. */
@Injectable()
export class S3Adapter implements OnModuleInit {
  private readonly client: S3Client;
  /** Signs addresses for the world outside; it sends nothing. */
  private readonly signer: S3Client;
  private readonly bucket: string;
  private seenAt = Number.NEGATIVE_INFINITY;

  constructor(
    @InjectConfig() config: AssetsConfig,
    private readonly logger: Logger,
    checks: HealthChecks,
  ) {
    this.bucket = config.S3_BUCKET;
    this.client = clientOf(config, config.S3_ENDPOINT);
    this.signer = clientOf(config, config.S3_PUBLIC_ENDPOINT ?? config.S3_ENDPOINT);
    checks.add({
      name: 's3',
      required: false,
      run: async () => {
        await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }));
        return { status: 'ok' };
      },
    });
  }

  /** An S3 server that is away now has its bucket made when it is first needed. */
  async onModuleInit(): Promise<void> {
    await this.requireThere().catch((error: unknown) =>
      this.logger.warn({ reason: nameOf(error) }, 'The S3 server does not answer yet'),
    );
  }

  /** @throws ProblemError 503 when the S3 server does not answer, or has no bucket and makes none */
  async requireThere(): Promise<void> {
    requireNoTransaction('A request to the S3 server');
    if (performance.now() - this.seenAt < THERE_MS) return;
    const Bucket = this.bucket;
    await this.ask(async () => {
      try {
        await this.client.send(new HeadBucketCommand({ Bucket }));
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
        await this.makeBucket();
      }
    });
    this.seenAt = performance.now();
  }

  /** An address that takes exactly so many bytes of this type. */
  async signUpload(
    key: string,
    file: { size: number; contentType: string },
    seconds: number,
  ): Promise<string> {
    const command = new PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ContentLength: file.size,
      ContentType: file.contentType,
    });
    const signableHeaders = new Set(['host', 'content-type', 'content-length']);
    return getSignedUrl(this.signer, command, { expiresIn: seconds, signableHeaders });
  }

  /** An address, for services of ours, that takes a part of any size. */
  async signPart(key: string, seconds: number): Promise<string> {
    const command = new PutObjectCommand({ Bucket: this.bucket, Key: key });
    return getSignedUrl(this.client, command, { expiresIn: seconds });
  }

  async signDownload(key: string, download: Download): Promise<{ url: string; expiresAt: Date }> {
    const command = new GetObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ResponseContentType: download.contentType,
      ResponseContentDisposition: download.disposition,
      ResponseCacheControl: `private, max-age=${CACHE_SECONDS}`,
    });
    const expiresAt = new Date(Date.now() + GET_SECONDS * 1000);
    return { url: await getSignedUrl(this.signer, command, { expiresIn: GET_SECONDS }), expiresAt };
  }

  /** Null when there is no such object. */
  async open(key: string, signal: AbortSignal): Promise<OpenObject | null> {
    return this.ask(async () => {
      try {
        const command = new GetObjectCommand({ Bucket: this.bucket, Key: key });
        const { Body, ETag = '' } = await this.client.send(command, { abortSignal: signal });
        return { body: Body as Readable, etag: ETag };
      } catch (error) {
        if (statusOf(error) === 404) return null;
        throw error;
      }
    });
  }

  /** Reads an object to its end; null when there is none. */
  async digest(key: string, signal: AbortSignal): Promise<{ digest: Digest; etag: string } | null> {
    const object = await this.open(key, signal);
    return object && this.ask(async () => ({ digest: await digestOf(object.body), etag: object.etag }));
  }

  /** Copies an object that is still the one with this tag; false when it is another by now, or gone. */
  async copy(from: { key: string; etag: string }, to: string, signal: AbortSignal): Promise<boolean> {
    return this.ask(async () => {
      try {
        const command = new CopyObjectCommand({
          Bucket: this.bucket,
          Key: to,
          CopySource: `${this.bucket}/${from.key}`,
          CopySourceIfMatch: from.etag,
        });
        await this.client.send(command, { abortSignal: signal });
        return true;
      } catch (error) {
        if ([404, 412].includes(statusOf(error))) return false;
        throw error;
      }
    });
  }

  /** Stores a stream of so many bytes: the whole of it, or nothing. */
  async store(
    key: string,
    file: { body: Readable; size: number; contentType: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { body, size, contentType } = file;
    await this.ask(() =>
      this.client.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key: key,
          Body: body,
          ContentLength: size,
          ContentType: contentType,
        }),
        { abortSignal: signal },
      ),
    );
  }

  /** All objects whose keys begin so, by key. */
  async list(prefix: string, signal?: AbortSignal): Promise<ListedObject[]> {
    return this.ask(async () => {
      const found: ListedObject[] = [];
      let token: string | undefined;
      do {
        const command = new ListObjectsV2Command({
          Bucket: this.bucket,
          Prefix: prefix,
          ContinuationToken: token,
        });
        const page = await this.client.send(command, signal ? { abortSignal: signal } : {});
        for (const { Key = '', Size = 0 } of page.Contents ?? []) found.push({ key: Key, size: Size });
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
      return found.sort((left, right) => (left.key < right.key ? -1 : 1));
    });
  }

  /** Removes objects; those that are not there are as good. */
  async remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += 1000) {
      const Objects = keys.slice(at, at + 1000).map((Key) => ({ Key }));
      const command = new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects, Quiet: true } });
      const { Errors = [] } = await this.ask(() => this.client.send(command));
      const [first] = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
      if (first) throw unavailable(`The S3 server did not delete a file (${first.Code ?? 'unknown'}).`);
    }
  }

  private async makeBucket(): Promise<void> {
    const Bucket = this.bucket;
    await this.client.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => {
      if (statusOf(error) !== 409) throw error;
    });
    const rule = { AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD', 'PUT'], AllowedHeaders: ['*'] };
    const CORSConfiguration = {
      CORSRules: [{ ...rule, ExposeHeaders: ['ETag', 'Content-Range', 'Accept-Ranges'] }],
    };
    // Addresses are what lets somebody in; pages of any origin may use theirs. A server without CORS goes without.
    await this.client
      .send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
      .catch((error: unknown) => {
        this.logger.warn({ reason: nameOf(error) }, 'The bucket has no CORS: browsers cannot upload to it');
      });
    this.logger.info({ bucket: Bucket }, 'Made the bucket of all files');
  }

  private async ask<Result>(request: () => Promise<Result>): Promise<Result> {
    requireNoTransaction('A request to the S3 server');
    try {
      return await request();
    } catch (error) {
      this.seenAt = Number.NEGATIVE_INFINITY;
      const reason = nameOf(error);
      this.logger.warn({ reason, status: statusOf(error) }, 'The S3 server did not do what it was asked');
      if ([401, 403].includes(statusOf(error)))
        throw unavailable(
          'The S3 server refuses the access key of this installation: its operator has to set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.',
          30,
        );
      throw unavailable('The storage of files does not answer. Nothing was done; try again in a moment.', 5);
    }
  }
}

function clientOf(config: AssetsConfig, endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: config.S3_REGION,
    forcePathStyle: config.S3_PATH_STYLE === 'true',
    credentials: { accessKeyId: config.S3_ACCESS_KEY_ID, secretAccessKey: config.S3_SECRET_ACCESS_KEY },
    // Checksums of the SDK's own are unknown to many S3 servers; what was stored is checked here.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: ANSWER_MS,
      httpAgent: { maxSockets: 200 },
      httpsAgent: { maxSockets: 200 },
    },
  });
}

function statusOf(error: unknown): number {
  return error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
}

/** A name and no message: that may quote an address. */
function nameOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name ?? 'error');
}
