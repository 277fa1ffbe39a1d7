import type { inference, JobContext, stt, tts } from '@livekit/agents';
import type { CallJob, getCallProfile, OperationOutput } from '@parley/contracts';
import type {
  CallBus,
  EventPublisher,
  LiveBus,
  NatsConnection,
  OperationClient,
} from '@parley/messaging/calls';
import type { Logger } from '@parley/service/plain';
import type { JobConfig } from './job-config.ts';

/** Who answers a call: voice, suggested questions, choices. */
export type CallProfile = OperationOutput<typeof getCallProfile>;

/** Ears and voice of one call. */
export interface CallSpeech {
  stt: stt.STT;
  tts: tts.TTS;
  /** What the caller may say now, where only a closed list is understood. */
  learn(profile: CallProfile): Promise<void>;
  close(): Promise<void>;
}

/** What was noticed of an utterance beside its text. */
export interface Heard {
  /** There was speech, and nothing of it was understood. */
  rejected: boolean;
  /** The entry of the closed list, where there is one. */
  phraseId: string | null;
}

/** What ears and voice are made for. */
export interface SpeechWish {
  profile: CallProfile;
  config: JobConfig;
  logger: Logger;
  vad: inference.VAD;
  heard: (heard: Heard) => void;
}

/** Where ears and voices come from. */
export interface SpeechSource {
  /** Starts what the first call would otherwise wait for. */
  warm(config: JobConfig): Promise<void>;
  open(wish: SpeechWish): Promise<CallSpeech>;
}

/** Everything a call works with. */
export interface CallParts {
  job: CallJob;
  context: JobContext;
  config: JobConfig;
  logger: Logger;
  nats: NatsConnection;
  operations: OperationClient;
  facts: EventPublisher;
  live: LiveBus;
  calls: CallBus;
  vad: inference.VAD;
  speech: SpeechSource;
}
