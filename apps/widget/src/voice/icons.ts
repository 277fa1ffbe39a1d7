import type { Icon } from '../icons.ts';

const microphone = 'M9 6.5a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5';

/** Drawings of a call's buttons. */
export const callIcons = {
  microphone: { stroke: 1.8, path: microphone },
  muted: { stroke: 1.8, path: `${microphone}M4 4l16 16` },
  choose: { stroke: 1.8, path: 'M7 10l5 5 5-5' },
  hangUp: {
    stroke: 1.8,
    path: 'M5.2 4.2h3.1l1.6 4-2 1.6a11.6 11.6 0 0 0 5.3 5.3l1.6-2 4 1.6v3.1c0 .9-.7 1.6-1.6 1.5A15.4 15.4 0 0 1 3.7 5.8c-.1-.9.6-1.6 1.5-1.6z',
    transform: 'rotate(135 12 12)',
  },
} as const satisfies Record<string, Icon>;
