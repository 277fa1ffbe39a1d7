import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type DeploymentType, type TwilioCredentials, TwilioCredentialsSchema } from '@parley/contracts';
import { channelBucket, KeyValueMirror, MessagingRuntime } from '@parley/messaging';
import { Logger, type Secret, SecretBox, type WrappedKey } from '@parley/service';
import type { ChannelStatus, ChannelTarget } from '../database.ts';

/** What is kept of a channel in the bucket: enough to take its messages while PostgreSQL is down. */
export interface KnownChannel {
  id: string;
  spaceId: string;
  deploymentType: DeploymentType;
  /** Who carries what is said, such as `twilio`; null where nobody does. */
  provider: string | null;
  status: ChannelStatus;
  channelIdentifier: string;
  configuration: Record<string, unknown>;
  target: ChannelTarget | null;
  targetName: string | null;
  /** The flow that answers: the target, or the one its agent runs. */
  flowId: string | null;
  language: string | null;
  sealedSecret: string | null;
  /** What the provider gave, sealed as JSON; `credentialsOf` opens it. */
  sealedCredentials: string | null;
  wrappedKey: WrappedKey | null;
}

/** Every channel of the installation, from the watched bucket. */
@Injectable()
export class ChannelDirectory implements OnModuleInit, OnModuleDestroy {
  private readonly mirror: KeyValueMirror<KnownChannel>;
  private readonly secrets: SecretBox;
  private readonly opened = new WeakMap<KnownChannel, Secret>();
  private readonly credentials = new WeakMap<KnownChannel, Secret>();

  constructor(runtime: MessagingRuntime, secrets: SecretBox, logger: Logger) {
    this.mirror = new KeyValueMirror(runtime.nats, channelBucket, logger);
    this.secrets = secrets;
  }

  async onModuleInit(): Promise<void> {
    await this.mirror.open();
  }

  onModuleDestroy(): void {
    this.mirror.close();
  }

  find(channelId: string): KnownChannel | undefined {
    return this.mirror.get(channelId);
  }

  /** Calls the listener with the id of each channel that has changed, until the returned function is called. */
  onChange(listener: (channelId: string) => void): () => void {
    return this.mirror.onChange(listener);
  }

  /** Resolves once a channel is known here as it stands in this version of its row. */
  reach(channelId: string, version: number): Promise<void> {
    return this.mirror.waitForVersion(channelId, version);
  }

  /** Spaces whose channels' secrets were sealed under a master key that is no longer the one for them. */
  spacesWithOldKey(): string[] {
    const old = this.mirror
      .all()
      .filter(([, { wrappedKey }]) => wrappedKey !== null && !this.secrets.isCurrent(wrappedKey));
    return [...new Set(old.map(([, { spaceId }]) => spaceId))];
  }

  /** The active web channels that a flow answers, the oldest first. */
  webChannelsOf(flowId: string): KnownChannel[] {
    return this.mirror
      .all()
      .map(([, channel]) => channel)
      .filter((one) => one.flowId === flowId && one.deploymentType === 'WEB' && one.status === 'active')
      .toSorted((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** The secret a custom channel signs with; opened once for each version of the channel's entry. */
  secretOf(channel: KnownChannel): string | null {
    const { id, spaceId, sealedSecret, wrappedKey } = channel;
    if (!sealedSecret || !wrappedKey) return null;
    const known = this.opened.get(channel);
    if (known) return known.reveal();
    const secret = this.secrets.openWith(wrappedKey, secretPlace(spaceId, id), sealedSecret);
    this.opened.set(channel, secret);
    return secret.reveal();
  }

  /** What the channel's provider gave; null where it has given nothing. Opened once for each version of the entry. */
  credentialsOf(channel: KnownChannel): TwilioCredentials | null {
    const { id, spaceId, sealedCredentials, wrappedKey } = channel;
    if (!sealedCredentials || !wrappedKey) return null;
    const known =
      this.credentials.get(channel) ??
      this.secrets.openWith(wrappedKey, credentialsPlace(spaceId, id), sealedCredentials);
    this.credentials.set(channel, known);
    return readCredentials(known);
  }
}

interface Place {
  spaceId: string;
  table: string;
  row: string;
  column: string;
}

/** Where a channel's secret lies, for the sealing. */
export function secretPlace(spaceId: string, channelId: string): Place {
  return { spaceId, table: 'channel', row: channelId, column: 'sealed_secret' };
}

/** Where the credentials of a channel's provider lie, for the sealing. */
export function credentialsPlace(spaceId: string, channelId: string): Place {
  return { spaceId, table: 'channel', row: channelId, column: 'sealed_credentials' };
}

/** Reads credentials as they were sealed. */
export function readCredentials(secret: Secret): TwilioCredentials {
  return TwilioCredentialsSchema.parse(JSON.parse(secret.reveal()));
}
