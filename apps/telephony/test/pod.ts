import {
  completeStorage,
  deleteAsset,
  getChannel,
  getSpace,
  notFound,
  openForChannel,
  type OperationOutput,
  type OperationRequest,
} from '@parley/contracts';
import type { Leases, MessagingRuntime } from '@parley/messaging';
import { type Pod, type SpecDatabase, startPod } from '@parley/service/testing';
import { AppModule } from '../src/app.module.ts';
import type { Tables } from '../src/database.ts';

export const liveKitKey = { apiKey: 'parley', apiSecret: 'a-secret-of-thirty-two-characters' };

/** What conversation is asked to open. */
export type Opening = OperationRequest<typeof openForChannel>;

/** What the storage of files is asked to complete. */
export type Completion = OperationRequest<typeof completeStorage>;

/** What space and channel say of recordings. */
export interface Settings {
  recordingConsent: 'announcement' | 'opt_in' | 'off';
  recordingEnabled: boolean;
}

/** What is other than usual on a bench. */
export interface BenchOptions {
  /** A NATS of its own. */
  natsUrl?: string;
  /** Work under a lease that is left out, so that it mends nothing. */
  without?: string;
  /** Plays more of the other services. */
  play?(runtime: MessagingRuntime): void;
}

/** What the process is started with. */
export interface TelephonyParts extends BenchOptions {
  liveKitUrl: string;
  openConversation(input: Opening): OperationOutput<typeof openForChannel>;
  completeFile(input: Completion): OperationOutput<typeof completeStorage>;
  deleteFile(assetId: string): void;
  /** What identity and gateway say of recordings; throws where they do not answer. */
  settings(): Settings;
}

export function startTelephony(server: SpecDatabase, parts: TelephonyParts): Promise<Pod<Tables>> {
  return startPod<Tables>({
    ...{ name: 'telephony', domain: 'telephony', module: AppModule, server, natsUrl: parts.natsUrl },
    config: {
      LIVEKIT_URL: parts.liveKitUrl,
      LIVEKIT_PUBLIC_URL: undefined,
      LIVEKIT_API_KEY: liveKitKey.apiKey,
      LIVEKIT_API_SECRET: liveKitKey.apiSecret,
      VOICE_AGENT_NAME: 'parley',
      CALL_TIME_LIMIT_MINUTES: 120,
      CALLS_OUT_MAX: 8,
      CALLS_OUT_PER_MINUTE: 60,
      PHONE_LINES: 10,
    },
    prepare: (runtime) => {
      const { operations, leases } = runtime;
      parts.play?.(runtime);
      operations.add(openForChannel, async (input) => parts.openConversation(input as Opening));
      operations.add(completeStorage, async (input) => parts.completeFile(input as Completion));
      operations.add(getSpace, async () => ({ settings: parts.settings() }));
      operations.add(getChannel, async (input) => {
        const { channelId: id } = input as { channelId: string };
        if (['chan_unknown', 'chan_none'].includes(id)) throw notFound('The channel');
        const { recordingEnabled } = parts.settings();
        const status = id === 'chan_rest' ? 'inactive' : 'active';
        const channel = { id, deploymentType: 'CALLS', status, channelIdentifier: '+4930100' };
        return { ...channel, configuration: {}, recordingEnabled };
      });
      operations.add(deleteAsset, async (input) => {
        parts.deleteFile((input as { assetId: string }).assetId);
        return {};
      });
      leaveOut(leases, parts.without);
    },
  });
}

function leaveOut(leases: Leases, without: string | undefined): void {
  const hold = leases.runWhileHeld.bind(leases);
  leases.runWhileHeld = (name, ...rest) => {
    if (name !== without) hold(name, ...rest);
  };
}
