import { findHiddenConversations, findVisibleConversations } from '@parley/contracts';
import type { OperationHandler } from '@parley/messaging';
import { type Pod, type SpecDatabase, startPod } from '@parley/service/testing';
import { AppModule } from '../src/app.module.ts';
import { configSchema } from '../src/config.ts';
import type { Tables } from '../src/database.ts';

export const s3Key = { accessKeyId: 'parley', secretAccessKey: 'a secret of the S3 server' };

/** What the process is started with. */
export interface AssetsParts {
  s3Endpoint: string;
  settings: Record<string, string>;
  /** Plays conversation. */
  visibleConversations: OperationHandler;
  /** Conversations of direct rooms that nobody of the spec takes part in. */
  hiddenConversations?: readonly string[];
}

export function startAssets(server: SpecDatabase, parts: AssetsParts): Promise<Pod<Tables>> {
  const config = configSchema.parse({
    S3_ENDPOINT: parts.s3Endpoint,
    S3_ACCESS_KEY_ID: s3Key.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3Key.secretAccessKey,
    ...parts.settings,
  });
  return startPod<Tables>({
    ...{ name: 'assets', domain: 'asset', module: AppModule, server, config },
    prepare: ({ operations }) => {
      operations.add(findVisibleConversations, parts.visibleConversations);
      operations.add(findHiddenConversations, async () =>
        Promise.resolve({ conversationIds: parts.hiddenConversations ?? [] }),
      );
    },
  });
}
