const sentences: readonly string[] = [
  'A repeat with the same message id is answered the same and has no effect.',
  'The key names the entity whose order matters.',
  'The method receives a batch and a transaction.',
  'Services are separate processes that talk only through NATS.',
  'Each is declared once in the contracts, with its HTTP path, permission, input and output.',
  'That transaction also writes the event to an event table and an outbox.',
  'One lease holder per partition handles batches from a position that commits together with the effect.',
  "A provider's webhook is answered after its event is stored by NATS.",
  'A unique key of channel and provider message id removes repeats.',
  'Effects outside PostgreSQL, such as a model call, a callback or an e-mail, run from a task row with an idempotency key written before the call.',
  'Services connect as roles that do not own their tables.',
  'A visitor sees and uploads files of its own conversations alone, and never one that is internal , such as a recording.',
  'Every ten minutes files that are older are deleted, with their bytes, and asset.',
  'What nobody completes within two days is completed so by itself.',
  'A revoked key stops within two seconds, also on open sockets.',
  'A document that cannot be read leaves nothing behind.',
  'The key is stored encrypted, never shown, and has to be given anew when the endpoint moves to another host.',
  "The request holds the agent's instructions, the earlier turns and the numbered passages that fit.",
  "A call's room in LiveKit bears the call's id.",
  'Absolute numbers of one machine say little about another.',
  'Both run on one livekit-server, each with one warm job process.',
  'A round that fails its check has no figure.',
  'All questions of a call but the first are asked while an answer still sounds, so each is a cut as well.',
  'At low rates batches hold one or two messages.',
  'Choose the country, tick Voice , Search , Buy beside a number, Buy again.',
];

/** Sentences like those that answers are made of. They stand here, so that an edit of the documentation changes no test. */
export function documentationSentences(count: number): string[] {
  return sentences.slice(0, count);
}
