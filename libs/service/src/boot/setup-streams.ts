import { setTimeout as sleep } from 'node:timers/promises';

import { connectNats, ensureStreams, Trimmer } from '@parley/messaging';

import { ConfigError, parseEnvironment } from '../config/load-config.ts';
import { streamsConfig } from '../config/streams-config.ts';
import { createLogger } from '../log/logger.ts';
import { redactText } from '../log/redact.ts';

/** Makes the streams and buckets that are missing, once for an installation; the environment is `streamsConfig`. */
export async function setUpStreams(): Promise<void> {
  try {
    const config = parseEnvironment('The set-up of NATS', streamsConfig);
    const { NATS_URL: url, NATS_OPERATOR_USER: user, NATS_OPERATOR_PASSWORD: password } = config;
    const nats = await connectNats({ url, user, password, name: 'set-up' });
    await ensureStreams(nats, {
      partitions: config.STREAM_PARTITIONS,
      replicas: config.STREAM_REPLICAS,
      maxBytes: config.STREAM_MAX_BYTES,
    });
    await nats.drain();
    console.log('The streams are set up');
  } catch (error) {
    const { message } = error as { message?: string };
    const text = `The streams could not be set up: ${redactText(message ?? String(error))}`;
    console.error(error instanceof ConfigError ? error.message : text);
    process.exitCode = 1;
  }
}

/**
 * Removes the oldest messages of streams that fill up: once, or again and again until a signal ends it. The one user
 * that may purge is its own, and no service has it.
 */
export async function trimStreams({ once }: { once: boolean }): Promise<void> {
  try {
    const config = parseEnvironment('The trimmer of streams', streamsConfig);
    const { NATS_URL: url, NATS_OPERATOR_USER: user, NATS_OPERATOR_PASSWORD: password } = config;
    const nats = await connectNats({ url, user, password, name: 'trimmer' });
    const trimmer = new Trimmer(nats, createLogger({ name: 'nats-trimmer', level: 'info' }));
    const ending = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
    await (once ? trimmer.trimAll() : trimmer.run(ending.signal));
    await Promise.race([nats.drain(), sleep(2000)]);
  } catch (error) {
    const { message } = error as { message?: string };
    const text = `The streams could not be trimmed: ${redactText(message ?? String(error))}`;
    console.error(error instanceof ConfigError ? error.message : text);
    process.exitCode = 1;
  }
}
