import type { Heard } from './history.ts';

/** Who answers in a conversation: an agent with its flow, or a flow by itself. */
export interface Responder {
  agentId: string | null;
  flowId: string | null;
}

/** What a turn is about; kept as the payload of its task until it is settled. */
export type TurnPayload = { conversationId: string; responder: Responder } & (
  | { kind: 'start' }
  /** `replyId` is drawn here, before any model is called: streamed tokens and the posted message carry it. */
  | {
      kind: 'message';
      messageId: string;
      text: string;
      replyId: string;
      /** Whether it was said in a call: its answer is spoken. */
      spoken?: boolean;
      /** What was heard of answers before, as it came. */
      heard?: Heard[];
    }
  | { kind: 'note'; text: string; role: 'user' | 'person'; messageId?: string }
  | { kind: 'heard'; heard: Heard[] }
);

export const TURN_QUEUE = 'turn';

export function responderId(responder: Responder): string {
  return responder.agentId ?? responder.flowId ?? '';
}
