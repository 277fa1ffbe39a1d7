import { z } from 'zod';

/** Control characters, line and paragraph separators, and those that turn the direction of what follows. */
const UNSAFE = /[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu;
/** Something that can be seen: no separator, no format character, no lone mark. */
const VISIBLE = /[^\p{Z}\p{C}\p{M}]/u;

/**
 * Whether a text can stand in a list, a mail or a log for what it says: one line, nothing that reorders what stands
 * beside it, something to see.
 */
export function isPlainText(text: string): boolean {
  return text.search(UNSAFE) < 0 && VISIBLE.test(text);
}

/** The text without what makes it unsafe to show. */
export function toPlainText(text: string): string {
  return text.replaceAll(UNSAFE, ' ');
}

/** What the check says of another text. */
export const NOT_PLAIN =
  'holds control characters or characters that change the direction of text, or nothing visible';

/** A short text for people, on one line. */
export function shortText(max: number): z.ZodString {
  return z.string().trim().min(1).max(max).refine(isPlainText, NOT_PLAIN);
}

/** A short text that another system gives, such as a caller's name: what is not plain is left out, nothing is refused. */
export function cleanedText(max: number): z.ZodString {
  return z.string().max(max).overwrite(toPlainText);
}
