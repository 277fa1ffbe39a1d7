import { detectLanguage, flowPhrases, type Language, languageOf, phrase } from '@parley/text';

const FENCE = /^[ \t>]*(`{3,}|~{3,})/;

/**
 * What follows an answer whose end is missing: a code block that is open is closed, and a sentence says that the end is
 * missing, in the language of the answer.
 * @param language of the conversation, for an answer that does not tell its own
 */
export function truncationMark(text: string, language: Language): string {
  const written = detectLanguage(text);
  const sentence = phrase(
    flowPhrases,
    languageOf(written === 'other' ? null : written, language),
    'truncated',
  );
  return `…${openFence(text)}\n\n_${sentence}_`;
}

function openFence(text: string): string {
  let open: string | null = null;
  for (const line of text.split('\n')) {
    const run = FENCE.exec(line)?.[1];
    if (run === undefined) continue;
    if (open === null) open = run;
    else if (run.startsWith(open)) open = null;
  }
  return open === null ? '' : `\n${open}`;
}
