const open =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">';
const body =
  '<rect x="9" y="3.5" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5"/>';

/** Pictures of a call's buttons. */
export const callIcons = {
  microphone: `${open}${body}</svg>`,
  muted: `${open}${body}<path d="M4 4l16 16"/></svg>`,
  choose: `${open}<path d="M7 10l5 5 5-5"/></svg>`,
  hangUp: `${open}<path transform="rotate(135 12 12)" d="M5.2 4.2h3.1l1.6 4-2 1.6a11.6 11.6 0 0 0 5.3 5.3l1.6-2 4 1.6v3.1c0 .9-.7 1.6-1.6 1.5A15.4 15.4 0 0 1 3.7 5.8c-.1-.9.6-1.6 1.5-1.6z"/></svg>`,
} as const;
