import { inference, type llm, type stt, voice } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';

/** How a caller is listened to, in milliseconds. */
export const hearing = {
  /** Silence after which speech counts as ended. */
  silenceMs: 400,
  /** Silence after which the turn is over. */
  endOfTurnMs: 500,
  /** Speech shorter than this does not cut in. */
  interruptionMs: 300,
  /** When nothing was understood of what cut in, the agent goes on after this. */
  falseInterruptionMs: 1200,
} as const;

/** What a session tells of the caller. */
export interface CallerListener {
  speechStarted: () => void;
  speechEnded: () => void;
  transcribed: () => void;
  /** A turn of the caller is over. */
  turn: (text: string, confidence: number | null) => void;
  /** The agent has fallen silent while the caller speaks. */
  hushed: () => void;
  /** The agent was stopped by a noise, and goes on. */
  falseInterruption: () => void;
  failed: (error: unknown, source: string) => void;
}

/** An agent without a model: turns go out, and what is to be said comes in. */
class CallAgent extends voice.Agent {
  private readonly told: CallerListener['turn'];

  constructor(told: CallerListener['turn']) {
    super({ instructions: '' });
    this.told = told;
  }

  override async onUserTurnCompleted(_context: llm.ChatContext, message: llm.ChatMessage): Promise<void> {
    this.told(message.textContent ?? '', message.transcriptConfidence ?? null);
    throw new voice.StopResponse();
  }
}

/** The bundled detection of voice activity; nothing is loaded from elsewhere. */
export function voiceActivity(): inference.VAD {
  return new inference.VAD({ model: 'silero', minSilenceDuration: hearing.silenceMs });
}

/** A session that hears and speaks in a room, with everything local: no model, no cloud, no recording. */
export function createSession(recogniser: stt.STT, vad: inference.VAD): voice.AgentSession {
  return new voice.AgentSession({
    stt: recogniser,
    vad,
    turnHandling: {
      turnDetection: 'vad',
      endpointing: { mode: 'fixed', minDelay: hearing.endOfTurnMs, maxDelay: hearing.endOfTurnMs },
      interruption: {
        enabled: true,
        mode: 'vad',
        minDuration: hearing.interruptionMs,
        minWords: 0,
        falseInterruptionTimeout: hearing.falseInterruptionMs,
        resumeFalseInterruption: true,
        backchannelBoundary: null,
      },
      preemptiveGeneration: { enabled: false },
    },
    // Silence and stalls are watched over by the call itself.
    userAwayTimeout: null,
    aecWarmupDuration: null,
    forwardAudioIdleTimeout: 10 * 60_000,
    ttsTextTransforms: null,
    // A recogniser that fails now and then must not end the call.
    connOptions: { maxUnrecoverableErrors: 1000 },
  });
}

/** Starts the session with one caller. */
export async function startSession(
  session: voice.AgentSession,
  room: Room,
  callerIdentity: string,
  listener: CallerListener,
): Promise<void> {
  listen(session, listener);
  await session.start({
    agent: new CallAgent(listener.turn),
    room,
    record: false,
    inputOptions: {
      audioSampleRate: 16_000,
      audioNumChannels: 1,
      textEnabled: false,
      videoEnabled: false,
      participantIdentity: callerIdentity,
      closeOnDisconnect: false,
      deleteRoomOnClose: false,
    },
    outputOptions: {
      audioSampleRate: 24_000,
      audioNumChannels: 1,
      transcriptionEnabled: true,
      syncTranscription: true,
    },
  });
}

function listen(session: voice.AgentSession, listener: CallerListener): void {
  const { AgentSessionEventTypes: events } = voice;
  session.on(events.UserStateChanged, ({ newState }) => {
    if (newState === 'speaking') listener.speechStarted();
    else listener.speechEnded();
  });
  session.on(events.UserInputTranscribed, ({ isFinal }) => {
    if (isFinal) listener.transcribed();
  });
  session.on(events.AgentStateChanged, ({ oldState }) => {
    if (oldState === 'speaking' && session.userState === 'speaking') listener.hushed();
  });
  session.on(events.AgentFalseInterruption, listener.falseInterruption);
  session.on(events.Error, ({ error, source }) => listener.failed(error, labelOf(source)));
}

function labelOf(source: unknown): string {
  const { label } = (source ?? {}) as { label?: unknown };
  return typeof label === 'string' ? label : 'session';
}
