import type { CallJob } from '@parley/contracts';
import { z } from 'zod';

/** Somebody in a room. */
export interface RoomParticipant {
  identity: string;
  sid: string;
  isAgent: boolean;
  isCaller: boolean;
  /** What the caller's token carried. */
  job: CallJob | null;
}

/** A webhook of LiveKit, as far as calls need it. */
export const RoomEventSchema = z.object({
  id: z.string(),
  event: z.string(),
  room: z.object({ name: z.string().default('') }).default({ name: '' }),
  participant: z.record(z.string(), z.unknown()).nullable().default(null),
});

/** What happened in a room; `reason`: why a participant left, as LiveKit names it. */
export type RoomEvent = Omit<z.infer<typeof RoomEventSchema>, 'participant'> & {
  participant: (RoomParticipant & { reason: string }) | null;
};
