/** What people read of a placed call that came to nothing, where its cause does not say enough. */
export const GATEWAY_AWAY =
  'It could not be dialled within a minute: the gateway did not answer. Call again.';
export const NOTHING_TOLD =
  'The carrier told nothing of the call. See in its log of calls what became of it, and whether it reaches PUBLIC_URL.';
export const NOT_PUT_THROUGH =
  'The carrier could not put the call through. See whether the number is right; the log of calls at the carrier says more.';
export const NO_SOUND =
  'Somebody took up, but no sound came here: they hung up at once, all lines were taken (MEDIA_MAX_STREAMS), or the carrier does not reach the address for sound, wss:// below PUBLIC_URL.';
