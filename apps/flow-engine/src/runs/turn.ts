import { createHash } from 'node:crypto';
import type { NewTask } from '@parley/messaging';
import type { Heard } from './history.ts';

/** Who answers in a conversation: an agent with its flow, or a flow by itself. */
export interface Responder {
  agentId: string | null;
  flowId: string | null;
}

/** What a turn is about; kept as the payload of its task until it is settled. */
export type TurnPayload = {
  conversationId: string;
  responder: Responder;
  /** The accounts and agents that alone may see the conversation: a direct room's. */
  audience?: string[];
} /** `replyId` as below; turns that were stored before flows could ask at their start have none. */ & (
  | { kind: 'start'; replyId?: string }
  /** `replyId` is drawn here, before any model is called: streamed tokens and the posted message carry it. */
  | {
      kind: 'message';
      messageId: string;
      text: string;
      replyId: string;
      /** When the contact sent it (Unix ms); turns that were stored before this was kept have none. */
      sentAt?: number;
      /** Whether it was said in a call: its answer is spoken. */
      spoken?: boolean;
      /** The language of the channel or call it came through (BCP 47), where one is set. */
      language?: string;
      /** What was heard of answers before, as it came. */
      heard?: Heard[];
    }
  | { kind: 'note'; text: string; role: 'user' | 'person'; messageId?: string }
  | { kind: 'heard'; heard: Heard[] }
);

/**
 * The id of the message that will carry a turn's answer: the one that was drawn with it, for later answers of the same turn
 * one that follows from it, so that another attempt has the same. Undefined where none was drawn.
 * @param asked how many answers the turn has had before
 */
export function replyIdOf(payload: TurnPayload, asked: number): string | undefined {
  const replyId = payload.kind === 'message' || payload.kind === 'start' ? payload.replyId : undefined;
  if (replyId === undefined || asked === 0) return replyId;
  const rest = createHash('sha256').update(`${replyId}/${asked}`).digest('hex').slice(0, 16);
  return replyId.slice(0, -16) + rest;
}

/** A turn about to be taken: as a task, should it have to wait. */
export type NewTurn = NewTask<TurnPayload>;

export const TURN_QUEUE = 'turn';

export function responderId(responder: Responder): string {
  return responder.agentId ?? responder.flowId ?? '';
}
