/**
 * The job of the bare agent: hears, looks the answer up in a table, says it through the framework's own path. Its ears, its voice
 * and how it listens are the built ones of the voice agent, so that nothing but the platform's path differs.
 */
import { defineAgent, type inference, type JobContext, type llm, voice } from '@livekit/agents';
import { RoomEvent } from '@livekit/rtc-node';

/** What a call of the floor is dispatched with. */
export interface VoiceScript {
  greeting: string;
  replies: Record<string, string>;
  phrases: { id: string; kind: 'suggestion' | 'command'; text: string }[];
}

type Speech = typeof import('../../../apps/voice-agent/src/speech/speech-kit.ts');
type Session = typeof import('../../../apps/voice-agent/src/worker/call-session.ts');

const built = new URL('../../../apps/voice-agent/dist/', import.meta.url);
const { SpeechKit } = (await import(new URL('speech/speech-kit.js', built).href)) as Speech;
const { createSession, voiceActivity } = (await import(
  new URL('worker/call-session.js', built).href
)) as Session;

const kit = new SpeechKit({ VOICE_STT: 'embedded', VOICE_TTS: 'embedded' }, fetch);

class ScriptedAgent extends voice.Agent {
  private readonly replies: VoiceScript['replies'];

  constructor(
    options: { instructions: string; tts: voice.AgentOptions<unknown>['tts'] },
    script: VoiceScript,
  ) {
    super(options);
    this.replies = script.replies;
  }

  override async onUserTurnCompleted(_context: llm.ChatContext, message: llm.ChatMessage): Promise<void> {
    const reply = this.replies[message.textContent ?? ''];
    if (reply !== undefined) this.session.say(reply, { addToChatCtx: false });
    throw new voice.StopResponse();
  }
}

async function call(context: JobContext): Promise<void> {
  const script = JSON.parse(context.job.metadata) as VoiceScript;
  const { vad = voiceActivity() } = context.proc.userData as { vad?: inference.VAD };
  const [{ stt, tts }] = await Promise.all([kit.open({ vad }), context.connect()]);
  await stt.setPhrases(script.phrases);
  const caller = await context.waitForParticipant();
  const session = createSession(stt, vad);
  await session.start({
    agent: new ScriptedAgent({ instructions: '', tts }, script),
    room: context.room,
    record: false,
    inputOptions: {
      audioSampleRate: 16_000,
      audioNumChannels: 1,
      textEnabled: false,
      videoEnabled: false,
      ...(caller.identity ? { participantIdentity: caller.identity } : {}),
    },
    outputOptions: {
      audioSampleRate: 24_000,
      audioNumChannels: 1,
      transcriptionEnabled: true,
      syncTranscription: true,
    },
  });
  context.room.on(RoomEvent.ParticipantDisconnected, () => context.shutdown('the caller has left'));
  session.say(script.greeting, { addToChatCtx: false });
}

export default defineAgent({
  prewarm: async (process) => {
    process.userData['vad'] = voiceActivity();
    await kit.warm();
  },
  entry: call,
});
