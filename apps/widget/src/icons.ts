/** A line drawing on a grid of 24 by 24. */
export interface Icon {
  stroke: number;
  path: string;
  transform?: string;
  /** Points to a side: it is mirrored where the text runs from right to left. */
  pointed?: boolean;
}

/** Drawings of the buttons. The label of a button says what it does. */
export const icons = {
  chat: {
    stroke: 1.8,
    path: 'M20.5 11.6c0 4-3.8 7.1-8.5 7.1-1 0-2-.1-2.9-.4L4.5 20l1.2-3.5c-1.4-1.3-2.2-3-2.2-4.9 0-4 3.8-7.1 8.5-7.1s8.5 3.1 8.5 7.1z',
    pointed: true,
  },
  down: { stroke: 2, path: 'M6 9.5l6 6 6-6' },
  close: { stroke: 1.8, path: 'M6.5 6.5l11 11M17.5 6.5l-11 11' },
  send: { stroke: 2.2, path: 'M12 18.5v-13M6.5 11L12 5.5l5.5 5.5' },
  phone: {
    stroke: 1.8,
    path: 'M5.2 4.2h3.1l1.6 4-2 1.6a11.6 11.6 0 0 0 5.3 5.3l1.6-2 4 1.6v3.1c0 .9-.7 1.6-1.6 1.5A15.4 15.4 0 0 1 3.7 5.8c-.1-.9.6-1.6 1.5-1.6z',
  },
} as const satisfies Record<string, Icon>;

const SVG = 'http://www.w3.org/2000/svg';

/** Builds a drawing node by node: Trusted Types forbid to parse it. */
export function drawIcon({ stroke, path, transform, pointed = false }: Icon): SVGSVGElement {
  const drawing = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'path');
  const attributes = {
    viewBox: '0 0 24 24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': String(stroke),
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
  };
  for (const [name, value] of Object.entries(attributes)) drawing.setAttribute(name, value);
  if (pointed) drawing.classList.add('pointed');
  line.setAttribute('d', path);
  if (transform) line.setAttribute('transform', transform);
  drawing.append(line);
  return drawing;
}
