/** Black or white, whichever is read better on a hex colour (contrast of WCAG 2.2; `#rgb`, `#rrggbb`, with or without alpha). */
export function readableOn(colour: string): '#ffffff' | '#101217' {
  const digits = colour.slice(1);
  const long = digits.length < 6 ? [...digits].map((digit) => digit + digit).join('') : digits;
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => linear(parseInt(long.slice(at, at + 2), 16)));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (luminance + 0.05) >= 4.5 ? '#ffffff' : '#101217';
}

function linear(byte: number): number {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}
