import type { CallMessage } from '@parley/contracts';
import { toneCode } from '../key-tones.ts';

/** What a job can be told over the call's live news. */
export interface CommandTargets {
  callId: string;
  generation: number;
  hangUp: () => void;
  sendDtmf: (digits: string) => void;
  /** Another job has taken the call over. */
  replaced: () => void;
}

/** Does what a piece of the call's news says, if it concerns this job. */
export function obey(news: CallMessage, targets: CommandTargets): void {
  if (news.callId !== targets.callId) return;
  if (news.type === 'hang_up') targets.hangUp();
  if (news.type === 'send_dtmf') targets.sendDtmf(news.digits);
  if (news.type === 'job_alive' && news.generation > targets.generation) targets.replaced();
}

/** A key tone: its code in RTP (RFC 4733), and the character. */
export interface Tone {
  code: number;
  digit: string;
}

/** Key tones with the milliseconds to wait before each; `w` waits half a second. */
export function tonesOf(digits: string): { tone: Tone; afterMs: number }[] {
  const tones: { tone: Tone; afterMs: number }[] = [];
  let afterMs = 0;
  for (const digit of digits) {
    if (digit === 'w') {
      afterMs += 500;
      continue;
    }
    const code = toneCode(digit);
    if (code === null) continue;
    tones.push({ tone: { code, digit }, afterMs });
    afterMs = 150;
  }
  return tones;
}
