/** Contrast that WCAG 2.2 asks of text. */
const READABLE = 4.5;
const DARKEST = '#101217';
/** Papers of the light and the dark theme, with what lies on them at most of the colour itself. */
const PAPERS = { light: '#f0f0f0', dark: '#262a33' } as const;
const STEP = 0.05;

type Rgb = readonly [number, number, number];

/** Black or white, whichever is read better on a hex colour (`#rgb`, `#rrggbb`, with or without alpha). */
export function readableOn(colour: string): '#ffffff' | typeof DARKEST {
  return contrast(rgbOf('#ffffff'), rgbOf(colour)) >= READABLE ? '#ffffff' : DARKEST;
}

/** The hex colour, as much darker or lighter as text on the paper of a theme has to be. */
export function inkOf(colour: string, theme: keyof typeof PAPERS): string {
  const [own, paper] = [rgbOf(colour), rgbOf(PAPERS[theme])];
  const end = theme === 'light' ? 0 : 255;
  for (let share = 0; share < 1; share += STEP) {
    const mixed = own.map((part) => Math.round(part + (end - part) * share)) as unknown as Rgb;
    if (contrast(mixed, paper) >= READABLE) return hexOf(mixed);
  }
  return hexOf([end, end, end]);
}

/** Ratio of the luminances of two colours, 1 to 21. */
function contrast(one: Rgb, other: Rgb): number {
  const [lower = 0, higher = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (higher + 0.05) / (lower + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(byte: number): number {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function rgbOf(colour: string): Rgb {
  const digits = colour.slice(1);
  const long = digits.length < 6 ? [...digits].map((digit) => digit + digit).join('') : digits;
  return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16) || 0) as unknown as Rgb;
}

function hexOf(colour: Rgb): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
