import type { PhraseSet } from '../phrase.ts';

export const en = {
  notUnderstood: 'Sorry, I did not understand. Please repeat, or type.',
  stillThere: 'Are you still there?',
  goodbye: 'I cannot hear you, so I will hang up now. Goodbye.',
  timeIsUp: 'This call has reached its time limit. Goodbye.',
  oneMoment: 'One moment, please.',
  failed: 'Sorry, something went wrong. Please ask again.',
  /** Before there is an agent: more calls cannot be taken, or this one cannot. */
  linesBusy: 'All lines are busy at the moment. Please call again in a few minutes. Goodbye.',
  callAgain: 'Your call cannot be taken right now. Please call again in a few minutes. Goodbye.',
  /** Before a call is recorded: that it is, or whether it may be. */
  recorded: 'This call is recorded.',
  mayRecord: 'May this call be recorded? Press 1 or say yes.',
} as const satisfies PhraseSet;
