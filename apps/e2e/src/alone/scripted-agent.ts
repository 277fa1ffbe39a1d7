import { createInterface } from 'node:readline';
import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';

/** What the agent is told, one JSON object a line. */
type Command =
  | { do: 'state'; state: string }
  | { do: 'say'; text: string; ms: number }
  | { do: 'heard'; text: string; caller: string }
  | { do: 'leave' };

const RATE = 24_000;
const FRAME = RATE / 50;
const [url = '', token = ''] = process.argv.slice(2);
const room = new Room();
const source = new AudioSource(RATE, 1);

function report(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

async function transcribe(text: string, from: { identity: string; final: boolean }): Promise<void> {
  const writer = await room.localParticipant?.streamText({
    topic: 'lk.transcription',
    senderIdentity: from.identity,
    attributes: { 'lk.transcription_final': String(from.final), 'lk.segment_id': `SG_${Date.now()}` },
  });
  for (const word of text.split(/(?<= )/)) {
    await writer?.write(word);
    if (!from.final) await new Promise((resolve) => setTimeout(resolve, 40));
  }
  await writer?.close();
}

/** Sound that swells and ebbs as speech does. */
async function sound(ms: number): Promise<void> {
  for (let frame = 0; frame < ms / 20; frame += 1) {
    const samples = Int16Array.from({ length: FRAME }, (_, at) => {
      const time = (frame * FRAME + at) / RATE;
      return 9000 * Math.abs(Math.sin(7 * time)) * Math.sin(2 * Math.PI * 220 * time);
    });
    await source.captureFrame(new AudioFrame(samples, RATE, 1, FRAME));
  }
}

async function act(command: Command): Promise<void> {
  const self = room.localParticipant;
  if (command.do === 'state') await self?.setAttributes({ 'lk.agent.state': command.state });
  else if (command.do === 'heard') await transcribe(command.text, { identity: command.caller, final: true });
  else if (command.do === 'leave') await room.disconnect();
  else
    await Promise.all([
      transcribe(command.text, { identity: self?.identity ?? '', final: false }),
      sound(command.ms),
    ]);
  report({ did: command.do });
}

room.on(RoomEvent.TrackSubscribed, (_track, _publication, { identity }) => report({ hears: identity }));
room.on(RoomEvent.TrackMuted, (_publication, { identity }) => report({ muted: identity }));
room.on(RoomEvent.TrackUnmuted, (_publication, { identity }) => report({ unmuted: identity }));
room.on(RoomEvent.ParticipantDisconnected, ({ identity }) => report({ left: identity }));
await room.connect(url, token, { autoSubscribe: true, dynacast: false });
await room.localParticipant?.publishTrack(
  LocalAudioTrack.createAudioTrack('voice', source),
  new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }),
);
report({ joined: room.localParticipant?.identity });
for await (const line of createInterface(process.stdin)) await act(JSON.parse(line) as Command);
await room.disconnect();
process.exit(0);
