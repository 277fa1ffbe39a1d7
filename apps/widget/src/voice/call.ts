import {
  ConnectionState,
  createLocalAudioTrack,
  type DisconnectReason,
  type LocalAudioTrack,
  type Participant,
  type ReconnectPolicy,
  type RemoteTrack,
  Room,
  RoomEvent,
  Track,
  TrackEvent,
} from 'livekit-client';
import { type Caption, followCaptions } from './captions.ts';
import { loudness, Meter } from './meter.ts';
import type { CallAccess } from './port.ts';
import { CallError, type Problem, problemOf, problemOfEnd } from './problems.ts';

/** How a call stands; `searching`: the agent is gone and another is looked for. */
export type Phase =
  | 'connecting'
  | 'listening'
  | 'thinking'
  | 'speaking'
  | 'reconnecting'
  | 'searching'
  | 'ended'
  | 'failed';

/** What a call tells whoever shows it. */
export interface CallListener {
  access(): Promise<CallAccess | null>;
  changed(): void;
  connected(): void;
  ended(): void;
  /** The sound of the agent, to be put on the page. */
  sound(element: HTMLMediaElement): void;
}

const ANSWER_MS = 20_000;
const SEARCH_MS = 13_000;
/** A room that closes so soon after its agent left was closed by that agent. */
const FAREWELL_MS = 4_000;
const STATE = 'lk.agent.state';
/** A power that only a microphone which works gives. */
const HEARD = 1e-6;
const DEAD_MS = 6_000;
const GIVE_UP_MS = 15_000;
/** Tries for less than half a minute: who hears nothing for longer hangs up. */
const reconnectPolicy: ReconnectPolicy = {
  nextRetryDelayInMs: ({ retryCount, elapsedMs }) =>
    elapsedMs > GIVE_UP_MS ? null : Math.min(4000, 300 * retryCount ** 2),
};

/** One call: microphone, room and agent, without a pixel. */
export class Call {
  phase: Phase = 'connecting';
  problem: Problem | null = null;
  caption: Caption | null = null;
  muted = false;
  /** The microphone seems to give no sound, or was pulled out. */
  unheard = false;
  /** The browser wants a click before it plays sound. */
  silenced = false;
  microphones: MediaDeviceInfo[] = [];
  microphoneId = '';
  startedAt: number | null = null;
  private readonly meter = new Meter();
  private readonly room = new Room({ reconnectPolicy });
  private readonly listener: CallListener;
  private microphone: LocalAudioTrack | null = null;
  private lostAt: number | null = null;
  private aliveAt = Date.now();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: CallListener) {
    this.listener = listener;
  }

  get over(): boolean {
    return this.phase === 'ended' || this.phase === 'failed';
  }

  async start(): Promise<void> {
    this.listen();
    try {
      const [microphone, access] = await Promise.all([this.takeMicrophone(), this.listener.access()]);
      if (this.over) return;
      if (!access) throw new CallError('unavailable');
      this.timer = setTimeout(() => this.finish('noAnswer'), ANSWER_MS);
      await this.room.connect(access.serverUrl, access.participantToken);
      await this.room.startAudio().catch(() => undefined);
      await this.room.localParticipant.publishTrack(microphone);
      await this.listMicrophones();
    } catch (error) {
      this.finish(problemOf(error));
    }
  }

  hangUp(): void {
    this.finish(null);
  }

  async mute(muted: boolean): Promise<void> {
    this.muted = muted;
    this.unheard = false;
    this.listener.changed();
    await (muted ? this.microphone?.mute() : this.microphone?.unmute());
  }

  /** Speaks into another microphone from now on. */
  async choose(deviceId: string): Promise<void> {
    const done = await this.room.switchActiveDevice('audioinput', deviceId).catch(() => false);
    if (done) this.microphoneId = deviceId;
    this.unheard = !done;
    this.listener.changed();
  }

  async playSound(): Promise<void> {
    await this.room.startAudio().catch(() => undefined);
  }

  private async takeMicrophone(): Promise<LocalAudioTrack> {
    if (!isSecureContext || !navigator.mediaDevices) throw new CallError('insecure');
    const track = await createLocalAudioTrack({ echoCancellation: true, noiseSuppression: true });
    this.microphone = track;
    // A call that was ended while the visitor was asked must not leave the microphone on.
    if (this.over) track.stop();
    this.microphoneId = track.mediaStreamTrack.getSettings().deviceId ?? '';
    this.meter.follow('visitor', track);
    track.on(TrackEvent.Restarted, () => this.meter.follow('visitor', track));
    track.on(TrackEvent.Ended, () => this.doubtMicrophone());
    return track;
  }

  private doubtMicrophone(): void {
    if (this.over || this.muted) return;
    this.unheard = true;
    this.listener.changed();
  }

  /** How loud the side is that speaks, from 0 to 1. */
  level(): number {
    const own = this.muted ? null : this.meter.power('visitor');
    this.watchMicrophone(own);
    return loudness((this.phase === 'speaking' ? this.meter.power('agent') : own) ?? 0);
  }

  /** Even a quiet room is not quite silent: nothing but zeros means that the microphone is off somewhere. */
  private watchMicrophone(power: number | null): void {
    const alive = power === null || power > 0;
    if (alive) this.aliveAt = Date.now();
    const unheard = this.unheard ? power === null || power < HEARD : Date.now() - this.aliveAt > DEAD_MS;
    if (unheard === this.unheard || this.startedAt === null) return;
    this.unheard = unheard;
    this.listener.changed();
  }

  private async listMicrophones(): Promise<void> {
    this.microphones = await Room.getLocalDevices('audioinput', false).catch(() => []);
    this.listener.changed();
  }

  private listen(): void {
    const { room } = this;
    followCaptions(room, (caption) => {
      this.caption = caption;
      this.listener.changed();
    });
    const look = (): void => this.follow();
    room
      .on(RoomEvent.Connected, look)
      .on(RoomEvent.Reconnected, look)
      .on(RoomEvent.ParticipantConnected, look)
      .on(RoomEvent.ParticipantDisconnected, look)
      .on(RoomEvent.ParticipantAttributesChanged, look)
      .on(RoomEvent.SignalReconnecting, () => this.reconnect())
      .on(RoomEvent.Reconnecting, () => this.reconnect())
      .on(RoomEvent.TrackSubscribed, (track) => this.hear(track))
      .on(RoomEvent.TrackUnsubscribed, (track) => {
        for (const element of track.detach()) element.remove();
      })
      .on(RoomEvent.MediaDevicesChanged, () => void this.listMicrophones())
      .on(RoomEvent.AudioPlaybackStatusChanged, () => {
        this.silenced = !room.canPlaybackAudio;
        this.listener.changed();
      })
      .on(RoomEvent.Disconnected, (reason) => this.left(reason));
  }

  private hear(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    this.listener.sound(track.attach());
    this.meter.follow('agent', track);
  }

  /** The newest agent of the room decides how the call stands; without one, another is waited for. */
  private follow(): void {
    if (this.over || this.room.state !== ConnectionState.Connected) return;
    const agents = [...this.room.remoteParticipants.values()].filter(isAgent);
    const agent = agents.toSorted((a, b) => joined(b) - joined(a))[0];
    if (!agent) return this.startedAt === null ? undefined : this.search();
    clearTimeout(this.timer);
    this.lostAt = null;
    if (this.startedAt === null) {
      this.startedAt = Date.now();
      this.listener.connected();
    }
    this.show(phaseOf(agent.attributes[STATE]));
  }

  private reconnect(): void {
    if (this.over) return;
    clearTimeout(this.timer);
    this.lostAt = null;
    this.timer = setTimeout(() => this.finish('connectionLost'), 2 * GIVE_UP_MS);
    this.show('reconnecting');
  }

  private search(): void {
    if (this.lostAt !== null) return;
    this.lostAt = Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.finish('agentLost'), SEARCH_MS);
    this.show('searching');
  }

  private left(reason: DisconnectReason | undefined): void {
    const abandoned = this.lostAt !== null && Date.now() - this.lostAt > FAREWELL_MS;
    this.finish(abandoned ? 'agentLost' : problemOfEnd(reason));
  }

  private show(phase: Phase): void {
    if (this.over) return;
    this.phase = phase;
    this.listener.changed();
  }

  private finish(problem: Problem | null): void {
    if (this.over) return;
    clearTimeout(this.timer);
    this.problem = problem;
    this.phase = problem ? 'failed' : 'ended';
    this.microphone?.stop();
    this.meter.close();
    this.room.disconnect().catch(() => undefined);
    this.listener.ended();
    this.listener.changed();
  }
}

function isAgent(participant: Participant): boolean {
  return participant.isAgent || participant.attributes[STATE] !== undefined;
}

function joined(participant: Participant): number {
  return participant.joinedAt?.getTime() ?? 0;
}

function phaseOf(state: string | undefined): Phase {
  if (state === 'thinking' || state === 'speaking') return state;
  return state === 'initializing' ? 'connecting' : 'listening';
}
