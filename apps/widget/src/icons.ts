const open =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"';

/** Pictures of the buttons; what they mean is said by the button's label. */
export const icons = {
  chat: `${open} stroke-width="1.8"><path d="M20.5 11.6c0 4-3.8 7.1-8.5 7.1-1 0-2-.1-2.9-.4L4.5 20l1.2-3.5c-1.4-1.3-2.2-3-2.2-4.9 0-4 3.8-7.1 8.5-7.1s8.5 3.1 8.5 7.1z"/></svg>`,
  down: `${open} stroke-width="2"><path d="M6 9.5l6 6 6-6"/></svg>`,
  close: `${open} stroke-width="1.8"><path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/></svg>`,
  send: `${open} stroke-width="2.2"><path d="M12 18.5v-13M6.5 11L12 5.5l5.5 5.5"/></svg>`,
  phone: `${open} stroke-width="1.8"><path d="M5.2 4.2h3.1l1.6 4-2 1.6a11.6 11.6 0 0 0 5.3 5.3l1.6-2 4 1.6v3.1c0 .9-.7 1.6-1.6 1.5A15.4 15.4 0 0 1 3.7 5.8c-.1-.9.6-1.6 1.5-1.6z"/></svg>`,
} as const;
