import { Module } from '@nestjs/common';

/** The audio bridge: sockets that carry sound and text to and from calls. */
@Module({ providers: [] })
export class BridgeModule {}
