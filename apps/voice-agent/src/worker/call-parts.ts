import type { inference, JobContext, stt, tts } from '@livekit/agents';
import type { CallJob, getCallProfile, OperationOutput } from '@parley/contracts';
import type { CallBus, FactPublisher, LiveBus, NatsConnection, OperationClient } from '@parley/messaging';
import type { Logger } from '@parley/service';
import type { JobConfig } from './job-config.ts';

/** Who answers a call: voice, suggested questions, choices. */
export type CallProfile = OperationOutput<typeof getCallProfile>;

/** Ears and voice of one call. */
export interface CallSpeech {
  stt: stt.STT;
  tts: tts.TTS;
  /** What the caller may say now, where only a closed list is understood. */
  setPhrases(phrases: readonly string[]): void;
  /** Told when the caller spoke and nothing of it was understood. */
  onNotUnderstood(listener: () => void): void;
  close(): Promise<void>;
}

/** What ears and voice are chosen by. */
export interface SpeechWish {
  voice: CallProfile['voice'];
  language: string | null;
  phrases: readonly string[];
  config: JobConfig;
  logger: Logger;
}

export type OpenSpeech = (wish: SpeechWish) => Promise<CallSpeech>;

/** Everything a call works with. */
export interface CallParts {
  job: CallJob;
  context: JobContext;
  config: JobConfig;
  logger: Logger;
  nats: NatsConnection;
  operations: OperationClient;
  facts: FactPublisher;
  live: LiveBus;
  calls: CallBus;
  vad: inference.VAD;
  openSpeech: OpenSpeech;
}
