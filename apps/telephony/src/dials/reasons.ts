/** What people read of a placed call that came to nothing, where its cause does not say enough. */
export const GATEWAY_AWAY =
  'It could not be dialled within a minute: the gateway did not answer. Call again.';
export const NOTHING_TOLD =
  'The carrier told nothing of the call. See in its log of calls what became of it, and whether it reaches PUBLIC_URL.';
export const NOT_PUT_THROUGH =
  'The carrier could not put the call through. See whether the number is right; the log of calls at the carrier says more.';
export const NO_SOUND =
  'The call was answered, but no audio arrived. The callee hung up at once, all lines were busy (MEDIA_MAX_STREAMS), or the carrier cannot reach the wss:// address of PUBLIC_URL.';
