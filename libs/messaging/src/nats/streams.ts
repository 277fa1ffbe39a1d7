import {
  DiscardPolicy,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { deadLetterStream, domains, newId, streamName } from '@parley/contracts';

const DAY_NS = 24 * 3600 * 1_000_000_000;
const MINUTE_NS = 60 * 1_000_000_000;

/** The bucket of what a gateway must know of channels to take messages while PostgreSQL is down. */
export const channelBucket = 'channels';

/** Sizes of an installation's streams. */
export interface StreamOptions {
  /** Partitions of each domain's stream: 4 on a laptop, 32 in production; fixed for the life of a stream. */
  partitions: number;
  /** Copies: 1 on one server, 3 in a cluster. */
  replicas?: number;
  /** Largest size of one stream in bytes; default 8 GiB. */
  maxBytes?: number;
}

/** What a stream is known by: a new epoch starts every consumer's position at 0. */
export interface StreamIdentity {
  epoch: string;
  partitions: number;
}

/** The declaration of a domain's stream: everything durable, nothing thrown away to make room. */
export function streamConfig(
  domain: string,
  options: StreamOptions,
): Partial<StreamConfig> & { name: string; subjects: string[] } {
  const { partitions, replicas = 1, maxBytes = 8 * 1024 ** 3 } = options;
  return {
    name: streamName(domain),
    subjects: [`${domain}.*.*.*`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_age: 30 * DAY_NS,
    max_bytes: maxBytes,
    duplicate_window: 10 * MINUTE_NS,
    deny_delete: true,
    allow_direct: true,
    allow_atomic: true,
    subject_transform: {
      src: `${domain}.*.*.*`,
      dest: `${domain}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}.{{partition(${partitions},2,3)}}`,
    },
  };
}

/**
 * Makes the streams and buckets that are missing; those that stand keep their epoch and partitions.
 * @throws Error when a stream stands with another number of partitions: that takes a new, empty NATS
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
  };
  await ensureStream(manager, deadLetters, 1);
  await new Kvm(nats).create(channelBucket, {
    history: 1,
    storage: StorageType.File,
    replicas: options.replicas ?? 1,
  });
}

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

async function ensureStream(
  manager: Manager,
  config: ReturnType<typeof streamConfig>,
  partitions: number,
): Promise<void> {
  const known = await manager.streams.info(config.name).catch(() => null);
  if (!known) {
    const metadata = { 'parley.epoch': newId('evt'), 'parley.partitions': String(partitions) };
    await manager.streams.add({ ...config, metadata });
    return;
  }
  const identity = identityOf(known.config);
  if (identity.partitions !== partitions) {
    throw new Error(
      `The stream ${config.name} has ${identity.partitions} partitions, not ${partitions}. Keep NATS_PARTITIONS=${identity.partitions}, or start with an empty NATS.`,
    );
  }
}

/** Epoch and partitions of a stream. */
export async function streamIdentity(nats: NatsConnection, stream: string): Promise<StreamIdentity> {
  const manager = await jetstreamManager(nats, { timeout: 2000 });
  return identityOf((await manager.streams.info(stream)).config);
}

function identityOf(config: { metadata?: Record<string, string> }): StreamIdentity {
  return {
    epoch: config.metadata?.['parley.epoch'] ?? '',
    partitions: Number(config.metadata?.['parley.partitions'] ?? 1),
  };
}
