import { Injectable } from '@nestjs/common';
import { InjectConfig, Logger } from '@parley/service';
import type { BridgeConfig } from '../config.ts';
import { type CallAudio, type CallRoom, CallRooms } from './call-audio.ts';
import { joinRoom } from './livekit-room.ts';

/** Rooms of the LiveKit server. */
@Injectable()
export class LiveKitRooms extends CallRooms {
  constructor(
    @InjectConfig() private readonly config: BridgeConfig,
    private readonly logger: Logger,
  ) {
    super();
  }

  get isOn(): boolean {
    return this.config.LIVEKIT_URL !== undefined;
  }

  async join(participantToken: string, audio: CallAudio): Promise<CallRoom> {
    const { LIVEKIT_URL: url } = this.config;
    if (!url) throw new Error('LIVEKIT_URL is not set.');
    return joinRoom({ url, participantToken, audio, logger: this.logger });
  }
}
