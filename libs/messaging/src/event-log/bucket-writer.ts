import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

/** JetStream's "wrong last sequence": somebody wrote this key in between. */
const WRONG_LAST_SEQUENCE = 10071;
const MAX_TRIES = 5;

/** An entry as it lies in a bucket. */
interface Entry {
  version: number;
  value: unknown;
}

/** Writes entries of one key-value bucket: compare-and-set on the revision, never a lower version. */
export class BucketWriter {
  /** Tells a bucket from one of the same name that was made later. */
  readonly epoch: string;
  private readonly bucket: KV;

  private constructor(bucket: KV, epoch: string) {
    this.bucket = bucket;
    this.epoch = epoch;
  }

  /** Opens a bucket that stands; it is made where streams are made. */
  static async open(nats: NatsConnection, name: string): Promise<BucketWriter> {
    const bucket = await new Kvm(nats).open(name);
    const { streamInfo } = await bucket.status();
    return new BucketWriter(bucket, streamInfo.created);
  }

  /** Writes an entry unless the bucket holds this version or a higher one. */
  async put(key: string, entry: Entry): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.putOnce(key, entry);
        return;
      } catch (error) {
        if ((error as { code?: number }).code !== WRONG_LAST_SEQUENCE || tries >= MAX_TRIES) throw error;
      }
    }
  }

  private async putOnce(key: string, entry: Entry): Promise<void> {
    const current = await this.bucket.get(key);
    const text = JSON.stringify(entry);
    if (!current) {
      await this.bucket.create(key, text);
      return;
    }
    const known = current.operation === 'PUT' ? current.json<Entry>().version : -1;
    if (known < entry.version) await this.bucket.update(key, text, current.revision);
  }
}
