import { Module } from '@nestjs/common';
import { CallRooms } from './bridge/call-audio.ts';
import { FlowSocket } from './bridge/flow.socket.ts';
import { LiveKitRooms } from './bridge/livekit-rooms.adapter.ts';
import { MediaSocket } from './bridge/media.socket.ts';

/** The audio bridge: sockets that carry sound and text to and from calls. */
@Module({ providers: [FlowSocket, MediaSocket, { provide: CallRooms, useClass: LiveKitRooms }] })
export class BridgeModule {}
