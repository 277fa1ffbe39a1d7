import type { HistoryTurn } from './run.table.ts';

/** What was heard of a message that was not spoken to its end. */
export interface Heard {
  messageId: string;
  spoken: string;
}

/** A history as it was heard: what was cut off was never said; the same history where it holds none of these messages. */
export function hear(history: readonly HistoryTurn[], heard: readonly Heard[]): readonly HistoryTurn[] {
  const spoken = new Map(heard.map((one) => [one.messageId, one.spoken]));
  const isCut = ({ messageId, text }: HistoryTurn): boolean => {
    const words = messageId === undefined ? undefined : spoken.get(messageId);
    return words !== undefined && words !== text;
  };
  if (!history.some(isCut)) return history;
  return history
    .map((turn) => (isCut(turn) ? { ...turn, text: spoken.get(turn.messageId ?? '') ?? '' } : turn))
    .filter(({ text }) => text !== '');
}
