import {
  DiscardPolicy,
  jetstreamManager,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { deadLetterStream, domains, newId, streamName } from '@parley/contracts';
import { positionBucket } from './positions.ts';

const DAY_NS = 24 * 3600 * 1_000_000_000;
const MINUTE_NS = 60 * 1_000_000_000;
const STREAM_NOT_FOUND = 10_059;

/** The bucket of what a gateway must know of channels to take messages while PostgreSQL is down. */
export const channelBucket = 'channels';

/** Sizes of an installation's streams. */
export interface StreamOptions {
  /** Partitions of each domain's stream: 4 on a laptop, 32 in production; fixed for the life of a stream. */
  partitions: number;
  /** Copies: 1 on one server, 3 in a cluster. */
  replicas?: number;
  /** Largest size of one stream in bytes; default 1 GiB. NATS reserves it: all together have to fit its storage. */
  maxBytes?: number;
}

/** What a stream is known by: a new epoch starts every consumer's position at 0. */
export interface StreamIdentity {
  epoch: string;
  partitions: number;
}

type Declared = Partial<StreamConfig> & { name: string; subjects: string[] };

/** Fields that may be changed while a stream stands; in all others it must be as declared. */
const adjustable = new Set(['max_bytes', 'max_age', 'num_replicas', 'duplicate_window']);

/** Installations made before 2027 have a dead letter stream that refuses new reports when it is full. */
const deadLetterAdjustable = new Set([...adjustable, 'discard', 'deny_purge']);

/** The declaration of a domain's stream: everything durable, nothing thrown away to make room. */
export function streamConfig(domain: string, options: StreamOptions): Declared {
  const { partitions, replicas = 1, maxBytes = 1024 ** 3 } = options;
  return {
    name: streamName(domain),
    subjects: [`${domain}.*.*.*`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    compression: StoreCompression.None,
    num_replicas: replicas,
    max_age: 30 * DAY_NS,
    max_bytes: maxBytes,
    duplicate_window: 10 * MINUTE_NS,
    deny_delete: true,
    deny_purge: false,
    allow_direct: true,
    allow_atomic: true,
    subject_transform: {
      src: `${domain}.*.*.*`,
      dest: `${domain}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}.{{partition(${partitions},2,3)}}`,
    },
  };
}

/**
 * Makes the streams and buckets that are missing; those that stand keep their epoch, and sizes follow the options.
 * @throws Error when a stream stands with another number of partitions or is otherwise not as declared
 */
export async function ensureStreams(nats: NatsConnection, options: StreamOptions): Promise<void> {
  const manager = await jetstreamManager(nats, { timeout: 5000 });
  for (const domain of domains)
    await ensureStream(manager, streamConfig(domain, options), options.partitions);
  const deadLetters = {
    ...streamConfig('dead_letter', options),
    name: deadLetterStream,
    subjects: ['dead_letter.>'],
    subject_transform: undefined,
    // Reports for people: the newest are kept, and nobody can make room by hand.
    discard: DiscardPolicy.Old,
    deny_purge: true,
  };
  await ensureStream(manager, deadLetters, 1, deadLetterAdjustable);
  for (const bucket of [channelBucket, positionBucket])
    await new Kvm(nats).create(bucket, {
      history: 1,
      storage: StorageType.File,
      replicas: options.replicas ?? 1,
    });
}

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

async function ensureStream(
  manager: Manager,
  config: Declared,
  partitions: number,
  mayChange = adjustable,
): Promise<void> {
  const known = await find(manager, config.name);
  if (!known) {
    const metadata = { 'parley.epoch': newId('evt'), 'parley.partitions': String(partitions) };
    await manager.streams.add({ ...config, metadata });
    return;
  }
  const identity = identityOf(known);
  if (identity.partitions !== partitions) {
    throw new Error(
      `The stream ${config.name} has ${identity.partitions} partitions, not ${partitions}. Set the partitions to ${identity.partitions}, or start with an empty NATS.`,
    );
  }
  const changed = differences(config, known);
  const wrong = changed.filter((field) => !mayChange.has(field));
  if (wrong.length > 0) {
    throw new Error(
      `The stream ${config.name} is not as declared in: ${wrong.join(', ')}. Set that back with the nats tool, or start with an empty NATS.`,
    );
  }
  if (changed.length > 0) await manager.streams.update(config.name, { ...config, metadata: known.metadata });
}

async function find(manager: Manager, name: string): Promise<StreamConfig | null> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
    throw error;
  }
}

/** Fields in which a stream is not as declared; a stream that syncs late (`persist_mode`) is never as declared. */
function differences(declared: Declared, known: StreamConfig): string[] {
  const fields = Object.entries({ persist_mode: undefined, ...declared }).filter(([field, value]) => {
    const found: unknown = Reflect.get(known, field);
    if (field === 'persist_mode') return found === 'async';
    return JSON.stringify(found || undefined) !== JSON.stringify(value || undefined);
  });
  return fields.map(([field]) => field);
}

/** Epoch and partitions of a stream, and how far it has come. */
export async function streamIdentity(
  nats: NatsConnection,
  stream: string,
): Promise<StreamIdentity & { lastSequence: number }> {
  const manager = await jetstreamManager(nats, { timeout: 2000, checkAPI: false });
  const { config, state } = await manager.streams.info(stream);
  return { ...identityOf(config), lastSequence: state.last_seq };
}

/** Epoch and partitions, as the metadata of a stream tells them. */
export function identityOf(config: { metadata?: Record<string, string> }): StreamIdentity {
  return {
    epoch: config.metadata?.['parley.epoch'] ?? '',
    partitions: Number(config.metadata?.['parley.partitions'] ?? 1),
  };
}
