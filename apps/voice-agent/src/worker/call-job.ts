import { defineAgent, type inference, type JobContext } from '@livekit/agents';
import { type CallJob, CallJobSchema } from '@parley/contracts';
import {
  CallBus,
  connectBoth,
  EventPublisher,
  LiveBus,
  OperationClient,
  OperationKeys,
} from '@parley/messaging/calls';
import { createLogger } from '@parley/service/plain';
import { useLogger } from './agents-logger.ts';
import { Call } from './call.ts';
import type { SpeechSource } from './call-parts.ts';
import { voiceActivity } from './call-session.ts';
import { readJobConfig } from './job-config.ts';

const PING_MS = 5000;

interface Warm extends Record<string, unknown> {
  vad?: inference.VAD;
}

/** The program of a job process: warmed up while it waits, then one call. */
export function defineCallJob(speech: SpeechSource): ReturnType<typeof defineAgent<Warm>> {
  return defineAgent<Warm>({
    prewarm: async (proc) => {
      const config = readJobConfig();
      const logger = createLogger({ name: 'voice-job', level: config.LOG_LEVEL });
      useLogger(logger);
      proc.userData.vad = voiceActivity();
      // A provider that cannot be used is passed over, or told, when a call needs it.
      await speech
        .warm(config)
        .catch((error: unknown) => logger.warn({ err: error }, 'Warming up speech failed'));
    },
    entry: async (context) => {
      const config = readJobConfig();
      const job = readJob(context);
      const { callId, spaceId } = job;
      const logger = createLogger({ name: 'voice-job', level: config.LOG_LEVEL }).child({ callId, spaceId });
      useLogger(logger);
      outliveWorker();
      const { NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password } = config;
      const { streams, operations } = await connectBoth({ url, user, password, name: 'voice-agent' });
      const call = new Call({
        job,
        context: context as JobContext,
        config,
        logger,
        nats: streams,
        operations: new OperationClient(operations, OperationKeys.read('voice-agent', config)),
        facts: new EventPublisher(streams, 'voice-agent'),
        live: new LiveBus(operations),
        calls: new CallBus(operations),
        vad: context.proc.userData.vad ?? voiceActivity(),
        speech,
      });
      await call.run();
      await Promise.all([streams.drain(), operations.drain()]);
    },
  });
}

/**
 * A call outlives its worker: without the worker's pings a job ends itself after 15 s, in the middle of a word. It pings
 * itself from then on, and ends with its call.
 */
function outliveWorker(): void {
  process.once('disconnect', () => {
    const ping = (): void => {
      process.emit('message', { case: 'pingRequest', value: { timestamp: Date.now() } }, undefined);
    };
    setInterval(ping, PING_MS).unref();
  });
}

/** @throws ZodError when the job was dispatched with something else than a call */
function readJob(context: JobContext<Warm>): CallJob {
  return CallJobSchema.parse(JSON.parse(context.job.metadata));
}
