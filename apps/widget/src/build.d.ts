/** Names the content of the voice bundle; set by the build. */
declare const VOICE_HASH: string;
