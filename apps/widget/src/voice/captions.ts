import type { Room } from 'livekit-client';

/** What is being said, as text. */
export interface Caption {
  side: 'visitor' | 'agent';
  text: string;
}

const TOPIC = 'lk.transcription';
const TRACK = 'lk.transcribed_track_id';

/** Follows what is said in a room: the agent's words as they are spoken, the visitor's as they are understood. */
export function followCaptions(room: Room, show: (caption: Caption) => void): void {
  let latest: object | null = null;
  room.registerTextStreamHandler(TOPIC, (reader, { identity }) => {
    const own = [...room.localParticipant.audioTrackPublications.values()].map(({ trackSid }) => trackSid);
    const track = reader.info.attributes?.[TRACK] ?? '';
    const side = identity === room.localParticipant.identity || own.includes(track) ? 'visitor' : 'agent';
    latest = reader;
    const read = async (): Promise<void> => {
      let text = '';
      for await (const piece of reader) {
        text += piece;
        if (latest === reader && text.trim() !== '') show({ side, text: text.trim() });
      }
    };
    // A stream that breaks off keeps what was shown of it: the message in the chat has the rest.
    read().catch(() => undefined);
  });
}
