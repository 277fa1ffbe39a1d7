import {
  DisconnectReason,
  ParticipantKind,
  type RemoteParticipant,
  type Room,
  RoomEvent,
} from '@livekit/rtc-node';
import { callerAttributes, callTopics } from '@parley/contracts';

const ARRIVE_MS = 30_000;
const RETURN_MS = 10_000;
const LOOK_MS = 500;
/** A bridge that has told of itself, once a second, and does not for as long, has died. */
const LOOKS_WITHOUT_NEWS = 14;

/** Whether a participant is the one who calls: marked by us, or a telephone. */
function isCaller(participant: RemoteParticipant): boolean {
  return (
    participant.attributes[callerAttributes.role] === 'caller' || participant.kind === ParticipantKind.SIP
  );
}

/** The caller, once there; null when nobody came. */
export async function awaitCaller(room: Room, withinMs = ARRIVE_MS): Promise<RemoteParticipant | null> {
  const present = [...room.remoteParticipants.values()].find(isCaller);
  if (present) return present;
  return new Promise((resolve) => {
    const done = (found: RemoteParticipant | null): void => {
      clearTimeout(timer);
      room.off(RoomEvent.ParticipantConnected, arrived);
      resolve(found);
    };
    const arrived = (participant: RemoteParticipant): void => {
      if (isCaller(participant)) done(participant);
    };
    const timer = setTimeout(() => done(null), withinMs);
    room.on(RoomEvent.ParticipantConnected, arrived);
  });
}

const leftOnPurpose: readonly (DisconnectReason | undefined)[] = [
  DisconnectReason.CLIENT_INITIATED,
  DisconnectReason.ROOM_DELETED,
  DisconnectReason.USER_REJECTED,
  DisconnectReason.PARTICIPANT_REMOVED,
];

/** Tells when the caller has gone for good: at once when they left, after a while when their connection broke. */
export function watchCaller(
  room: Room,
  identity: string,
  gone: (cause: 'caller_left' | 'connection_lost') => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const left = (participant: RemoteParticipant): void => {
    if (participant.identity !== identity) return;
    if (leftOnPurpose.includes(participant.disconnectReason)) return gone('caller_left');
    timer = setTimeout(() => gone('connection_lost'), RETURN_MS);
  };
  const back = (participant: RemoteParticipant): void => {
    if (participant.identity === identity) clearTimeout(timer);
  };
  room.on(RoomEvent.ParticipantDisconnected, left);
  room.on(RoomEvent.ParticipantConnected, back);
  return () => {
    clearTimeout(timer);
    room.off(RoomEvent.ParticipantDisconnected, left);
    room.off(RoomEvent.ParticipantConnected, back);
  };
}

/** Tells when the caller asks for silence by a button, not by voice. */
export function watchWishes(room: Room, identity: string, silence: () => void): () => void {
  return onData(room, identity, (topic) => {
    if (topic === callTopics.interrupt) silence();
  });
}

/**
 * Tells when a caller's bridge, once it has told of itself, has died: LiveKit tells of it no sooner than after twenty
 * seconds. Callers without a bridge are not watched.
 */
export function watchBridge(
  room: Room,
  identity: string,
  gone: (cause: 'connection_lost') => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  // Looks are counted, not time: a process that stood still has read no news either.
  let looks = 0;
  const look = (): void => {
    looks += 1;
    if (looks < LOOKS_WITHOUT_NEWS) return;
    clearInterval(timer);
    gone('connection_lost');
  };
  const forget = onData(room, identity, (topic) => {
    if (topic !== callTopics.alive) return;
    looks = 0;
    timer ??= setInterval(look, LOOK_MS);
  });
  return () => {
    forget();
    clearInterval(timer);
  };
}

/** Tells whoever carries the agent's sound on that what was not played of it is void. */
export async function tellCut(room: Room): Promise<void> {
  const told = room.localParticipant?.publishData(new Uint8Array(), {
    reliable: true,
    topic: callTopics.cut,
  });
  // Who is not told plays the rest of a syllable.
  await told?.catch(() => undefined);
}

function onData(room: Room, identity: string, told: (topic: string | undefined) => void): () => void {
  const received = (
    _data: Uint8Array,
    from: RemoteParticipant | undefined,
    _kind: unknown,
    topic: string | undefined,
  ): void => {
    if (from?.identity === identity) told(topic);
  };
  room.on(RoomEvent.DataReceived, received);
  return () => void room.off(RoomEvent.DataReceived, received);
}
