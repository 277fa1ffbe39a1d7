import type { voice } from '@livekit/agents';
import {
  type AudioFrame,
  AudioStream,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
  RoomEvent,
  TrackKind,
} from '@livekit/rtc-node';
import { TAPE_RATE } from './stereo-tape.ts';

/** Listens to a caller beside the session; the sound comes at the tape's rate. */
export function captureCaller(room: Room, identity: string, heard: (sound: Int16Array) => void): () => void {
  const stopped = new AbortController();
  const follow = (
    track: RemoteTrack,
    _publication: RemoteTrackPublication,
    participant: RemoteParticipant,
  ): void => {
    if (participant.identity === identity && track.kind === TrackKind.KIND_AUDIO)
      void read(track, heard, stopped.signal);
  };
  for (const participant of room.remoteParticipants.values())
    for (const publication of participant.trackPublications.values())
      if (publication.track) follow(publication.track as RemoteTrack, publication, participant);
  room.on(RoomEvent.TrackSubscribed, follow);
  return () => {
    room.off(RoomEvent.TrackSubscribed, follow);
    stopped.abort();
  };
}

async function read(
  track: RemoteTrack,
  heard: (sound: Int16Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const reader = new AudioStream(track, TAPE_RATE, 1).getReader();
  signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      heard(value.data);
    }
  } catch {
    // The track is gone; should another come, it is followed like this one.
  }
}

/** What becomes of the sound that an output is given. */
export interface OutputListener {
  /** A frame is about to be played. */
  played: (frame: AudioFrame) => void;
  /** What was about to be played is not. */
  cut: () => void;
}

/** The part of an output that is listened to. */
export type HeardOutput = Pick<voice.AudioOutput, 'captureFrame' | 'clearBuffer' | 'pause'>;

/**
 * Listens to what an output plays. Its methods are listened to in place: an output chained before it would have to keep
 * its account of segments and of what was played of them.
 */
export function captureOutput(output: HeardOutput, listener: OutputListener): () => void {
  const original = {
    captureFrame: output.captureFrame.bind(output),
    clearBuffer: output.clearBuffer.bind(output),
    pause: output.pause.bind(output),
  };
  let cuts = 0;
  const listening = {
    captureFrame: async (frame: AudioFrame): Promise<void> => {
      const before = cuts;
      await original.captureFrame(frame);
      // A frame that waited while the others were cut off was dropped with them.
      if (cuts === before) listener.played(frame);
    },
    clearBuffer: (): void => {
      cuts += 1;
      original.clearBuffer();
      listener.cut();
    },
    pause: (): void => {
      original.pause();
      listener.cut();
    },
  };
  Object.assign(output, listening);
  return () => void Object.assign(output, original);
}
