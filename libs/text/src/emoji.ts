const PICTURE = String.raw`(?:(?=[\p{Emoji}\p{Cn}])\p{Extended_Pictographic})[\ufe0e\ufe0f]?\p{EMod}?`;
const TAGGED_FLAG = String.raw`\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}`;
const KEYCAP = String.raw`[0-9#*][\ufe0e\ufe0f]?\u20e3`;
/** One emoji in any of its forms (UTS #51): a flag, a keycap, or pictures joined to one. */
const ONE_EMOJI = new RegExp(
  String.raw`^(?:\p{RI}{2}|${KEYCAP}|${TAGGED_FLAG}|${PICTURE}(?:\u200d${PICTURE}){0,8})$`,
  'u',
);
/** A picture that is shown as text unless U+FE0F follows. */
const TEXT_PICTURE = /(?!\p{Emoji_Presentation})\p{Extended_Pictographic}(?!\p{EMod})/gu;

/**
 * An emoji in its one fully qualified form: with U+FE0F where it would be shown as text otherwise, and nowhere else.
 * `❤` and `❤️` are the same; skin tones stay distinct. Undefined for anything but exactly one emoji.
 */
export function toEmoji(text: string): string | undefined {
  if (!ONE_EMOJI.test(text)) return undefined;
  const bare = text.replace(/[\ufe0e\ufe0f]/g, '');
  if (bare.endsWith('\u20e3')) return `${bare.charAt(0)}\ufe0f\u20e3`;
  return bare.replace(TEXT_PICTURE, '$&\ufe0f');
}
