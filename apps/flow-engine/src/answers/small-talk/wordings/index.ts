import type { Language, Wordings } from '@parley/text';
import type { SmallTalkKind } from '../kinds.ts';
import { ar } from './ar.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { hi } from './hi.ts';

/** Each language may have wordings of its neighbours, and how it is written in Latin letters. */
export const wordings: Readonly<Record<Language, Wordings<SmallTalkKind>>> = { en, de, es, fr, hi, ar };

/** Emoji that say something when nothing else is there. */
export const emojiWordings: Readonly<Partial<Record<SmallTalkKind, RegExp>>> = {
  greeting: /[👋🤗]/u,
  thanks: /[🙏💐🌹❤💙💚💛🧡💜😘]/u,
  acknowledgement: /[👍👌✅🆗👏🎉💯🙌😀😃😄😁🙂😊🤝✔]/u,
};
