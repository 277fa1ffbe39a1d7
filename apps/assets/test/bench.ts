import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Asset,
  beginUpload,
  completeUpload,
  type EventData,
  type EventDefinition,
  newId,
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  type Principal,
  servicePrincipal,
  spaceChanged,
  type UploadTarget,
} from '@parley/contracts';
import { EventPublisher, type NatsConnection } from '@parley/messaging';
import {
  connectTestClient,
  eventsOf,
  createTables,
  type Pod,
  type StoredEvent,
  TestOperationCaller,
} from '@parley/service/testing';
import { createTestDatabase, type S3Server, startS3Server, type TestDatabase } from '@parley/testing';
import type { AssetTrx, Tables } from '../src/database.ts';
import { migrations } from '../src/migrations/index.ts';
import { s3Key, startAssets } from './pod.ts';

/** What is uploaded: bytes, and what is said of them. */
export interface Upload {
  body: Buffer | string;
  fileName?: string;
  contentType?: string;
  size?: number;
  sha256?: string;
  folderId?: string;
  conversationId?: string;
}

/** A visitor and the conversation that is its own. */
export interface VisitorOfBench {
  principal: Principal;
  conversationId: string;
}

/** Assets over real servers, versitygw among them; the spec plays gateway, conversation and identity. */
export class AssetsBench {
  /** Conversations of direct rooms that nobody of the spec takes part in. */
  readonly hidden: string[] = [];
  readonly spaceId = newId('space');
  readonly otherSpaceId = newId('space');
  s3!: S3Server;
  private readonly folder = mkdtempSync(join(tmpdir(), 'parley-s3-'));
  private readonly nats: NatsConnection;
  private readonly server: TestDatabase;
  private readonly client: TestOperationCaller;
  private readonly identity: EventPublisher;
  private readonly facts: EventPublisher;
  private readonly settings: Record<string, string>;
  /** Whose each conversation is, by its contact; null: nobody's who visits. */
  private readonly conversations = new Map<string, string | null>();
  private pod: Pod<Tables> | undefined;

  constructor(nats: NatsConnection, server: TestDatabase, settings: Record<string, string>) {
    this.nats = nats;
    this.server = server;
    this.settings = settings;
    this.client = new TestOperationCaller(nats);
    this.identity = new EventPublisher(nats, 'identity');
    this.facts = new EventPublisher(nats, 'conversation');
  }

  /** Asks an operation over NATS, as the gateway does. */
  async call<Definition extends OperationDefinition>(
    definition: Definition,
    input: Omit<OperationRequest<Definition>, 'spaceId'> & { spaceId?: string },
    options: { principal?: Principal; idempotencyKey?: string } = {},
  ): Promise<OperationOutput<Definition>> {
    const request = { spaceId: this.spaceId, ...input } as unknown as OperationRequest<Definition>;
    const principal = options.principal ?? servicePrincipal('spec', this.spaceId);
    const { idempotencyKey } = options;
    const { body } = await this.client.request(definition, request, {
      principal,
      ...(idempotencyKey ? { idempotencyKey } : {}),
    });
    return definition.output.parse(body) as OperationOutput<Definition>;
  }

  /** Begins an upload of these bytes, and says of them what they are unless told otherwise. */
  async begin(
    upload: Upload,
    principal: Principal = this.member(),
  ): Promise<{ asset: Asset; upload: UploadTarget }> {
    const { body, fileName = 'note.txt', contentType = 'text/plain', size, ...rest } = upload;
    const length = size ?? Buffer.byteLength(body);
    return this.call(beginUpload, { fileName, contentType, size: length, ...rest }, { principal });
  }

  /** Sends bytes as the answer said. */
  async send(
    target: UploadTarget,
    body: Buffer | string,
    headers: Record<string, string> = {},
  ): Promise<number> {
    const { 'content-length': _length, ...said } = target.headers;
    const bytes = new Uint8Array(Buffer.from(body));
    const response = await fetch(target.url, {
      method: target.method,
      body: bytes,
      headers: { ...said, ...headers },
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** A whole upload. */
  async upload(upload: Upload, principal?: Principal): Promise<Asset> {
    const begun = await this.begin(upload, principal);
    expect(await this.send(begun.upload, upload.body)).toBe(200);
    return this.complete(begun.asset.id, principal);
  }

  complete(assetId: string, principal: Principal = this.member()): Promise<Asset> {
    return this.call(completeUpload, { assetId }, { principal });
  }

  member(): Principal {
    return { type: 'account', id: 'acc_one', accountId: 'acc_one', spaces: { [this.spaceId]: 'agent' } };
  }

  visitor(): VisitorOfBench {
    const contactId = newId('cont');
    const conversationId = this.conversation(contactId);
    const principal: Principal = {
      ...{ type: 'visitor', id: contactId, contactId, channelId: 'chan_web' },
      spaces: { [this.spaceId]: 'visitor' },
    };
    return { principal, conversationId };
  }

  /** A conversation that stands, of a contact or of nobody who visits. */
  conversation(contactId: string | null = null): string {
    const id = newId('conv');
    this.conversations.set(id, contactId);
    return id;
  }

  /** What conversation tells of. */
  tell<Definition extends EventDefinition>(
    definition: Definition,
    fact: EventData<Definition>,
  ): Promise<void> {
    return this.facts.publish(definition, this.spaceId, fact);
  }

  /** Says how long the space keeps its files. */
  async retention(retentionDays: number | null): Promise<void> {
    const data: EventData<typeof spaceChanged> = {
      ...{ spaceId: this.spaceId, name: 'Home', voice: null, retentionDays },
    };
    await this.identity.publish(spaceChanged, this.spaceId, data);
    await this.until(async () => {
      const row = await this.in((trx) => trx.selectFrom('retention').selectAll().executeTakeFirst());
      return row !== undefined && row.days === retentionDays;
    }, 'The retention');
  }

  /** What the service has said about a file. */
  events(assetId: string): Promise<StoredEvent[]> {
    return eventsOf(this.requirePod().database, this.spaceId, assetId);
  }

  in<Result>(work: (trx: AssetTrx) => Promise<Result>): Promise<Result> {
    return this.requirePod().database.withSpaces([this.spaceId], work);
  }

  private requirePod(): Pod<Tables> {
    if (!this.pod) throw new Error('The service does not run.');
    return this.pod;
  }

  /** Keys of all objects that are in the bucket, as files on disk. */
  objects(assetId: string): string[] {
    const bucket = join(this.folder, 'parley');
    return readdirSync(bucket, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(bucket.length + 1))
      .filter((key) => key.includes(assetId))
      .toSorted();
  }

  /** Looks until there is something to see. */
  async until(look: () => Promise<boolean> | boolean, what: string, patienceMs = 15_000): Promise<void> {
    const end = Date.now() + patienceMs;
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`${what} did not come within ${patienceMs} ms.`);
      await sleep(25);
    }
  }

  /** Starts versitygw, on the port and over the files it had before. */
  async startS3(): Promise<void> {
    this.s3 = await startS3Server({
      ...s3Key,
      dataDir: this.folder,
      ...(this.s3 ? { port: this.s3.port } : {}),
    });
  }

  async stopS3(): Promise<void> {
    await this.s3.process.stop('SIGKILL');
  }

  async startPod(): Promise<void> {
    this.pod = await startAssets(this.server, {
      s3Endpoint: this.s3.endpoint,
      settings: this.settings,
      hiddenConversations: this.hidden,
      visibleConversations: async (input) => {
        const { principal, conversationId } = input as { principal: Principal; conversationId?: string };
        const visible = [...this.conversations].filter(
          ([id, contactId]) =>
            (conversationId === undefined || id === conversationId) &&
            (principal.type !== 'visitor' || contactId === principal.contactId),
        );
        return { conversationIds: visible.map(([id]) => id) };
      },
    });
  }

  async close(): Promise<void> {
    await this.pod?.close();
    await this.stopS3();
    await this.nats.close();
    await this.server.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Opens a bench with everything started; close it in afterAll. */
export async function openBench(settings: Record<string, string> = {}): Promise<AssetsBench> {
  const server = await createTestDatabase();
  await createTables(server, 'asset', [migrations]);
  const nats = await connectTestClient();
  const bench = new AssetsBench(nats, server, settings);
  await bench.startS3();
  await bench.startPod();
  return bench;
}
