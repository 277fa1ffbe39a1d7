import { characterBoundary } from './cut.ts';

/** Control characters, line and paragraph separators, and characters that reorder or hide what stands beside them. */
const UNSAFE = /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu;
/** Something that can be seen. */
const VISIBLE = /[^\p{Z}\p{C}\p{M}.]/u;
/** The extension of a name: kept where the name is cut. */
const EXTENSION = /\.[A-Za-z0-9]{1,10}$/;

/**
 * The name of a file as people read it, whatever a client sends: the last part of a path of any system, in one line,
 * composed (NFC), without characters that cannot be seen or that turn the direction of text.
 * @param maxLength UTF-16 units; a longer name is cut before its extension
 * @returns an empty text where nothing visible is left
 */
export function toFileName(given: string, maxLength = 255): string {
  const [last = ''] = given
    .replace(/^[A-Za-z]:/, '')
    .split(/[/\\]/)
    .slice(-1);
  const name = last.toWellFormed().normalize('NFC').replaceAll(UNSAFE, ' ').replaceAll(/\s+/g, ' ').trim();
  if (!VISIBLE.test(name)) return '';
  if (name.length <= maxLength) return name;
  const extension = EXTENSION.exec(name)?.[0] ?? '';
  const stem = name.slice(0, characterBoundary(name, maxLength - extension.length)).trimEnd();
  return stem + extension;
}
