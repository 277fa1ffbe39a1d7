/** A wording that a reader has to guess at, and the standard term to use in its place (docs/glossary.md). */
export interface BannedTerm {
  pattern: RegExp;
  use: string;
}

/** Every banned wording of guides, API descriptions and log messages. This is the only list. */
export const bannedTerms: readonly BannedTerm[] = [
  { pattern: /\bfacts?\b/i, use: 'event' },
  { pattern: /\bwhoever\b/i, use: 'contact, visitor, caller, member, agent or client' },
  { pattern: /\b(?:some|any|every)body\b|\bnobody\b/i, use: 'the role: member, caller, client, "no one"' },
  { pattern: /\bwhom\b/i, use: 'a sentence that names the person' },
  { pattern: /\bpeople of the space\b|\bperson of a space\b/i, use: 'members' },
  {
    pattern: /\b(?:to|from) outside\b|\bcalls out\b|\bcall(?:s|ing)? (?:in and )?out\b/i,
    use: 'inbound or outbound',
  },
  { pattern: /\bsounds?\b/i, use: 'audio' },
  { pattern: /\bears?\b|\bmouth\b|\bwhat (?:hears|speaks)\b/i, use: 'speech-to-text or text-to-speech' },
  { pattern: /\bwhat (?:is|was) (?:said|spoken|heard)\b/i, use: 'utterance, turn or transcript' },
  { pattern: /\bcut(?:s|ting)? in(?:to)?\b|\bcuts? (?:\w+ )?off\b/i, use: 'barge-in, interrupt or truncate' },
  { pattern: /\bkey tones?\b|\bkeys? that (?:a|the) caller\b|\bpress(?:es|ed)? keys\b/i, use: 'DTMF digits' },
  { pattern: /\bwho carries\b/i, use: 'carrier or trunk' },
  { pattern: /\bhand(?:s|ed|ing)? over\b/i, use: 'deliver or delivery' },
  { pattern: /\bonce more\b/i, use: 'retry or again' },
  { pattern: /\bwaits? no longer\b/i, use: 'timeout' },
  { pattern: /\bsigns? of life\b/i, use: 'health check or heartbeat' },
  { pattern: /\bdeaths?\b|\bdie[sd]?\b|\bdying\b/i, use: 'crash, exit or stop' },
  { pattern: /\blets? in\b|\bthe door\b|\bturn(?:ed|s)? away\b/i, use: 'authenticate, accept or reject' },
  { pattern: /\btakes? a place\b|\blets? (?:it )?go\b/i, use: 'acquire or release' },
  { pattern: /\bat rest\b|\bowed\b|\bunder way\b|\bon its way\b/i, use: 'idle, pending or in flight' },
  { pattern: /\b(?:is|are|was|were|be|been) told\b/i, use: 'notify, report or receive' },
  { pattern: /\b(?:what|whatever) (?:becomes|became|came) of\b/i, use: 'result, outcome or status' },
  { pattern: /\bheld against\b/i, use: 'compare or reconcile' },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, use: 'fix, correct or repair' },
  { pattern: /\banew\b/i, use: 'again' },
  { pattern: /\b(?:all|what|whatever) else\b/i, use: 'everything else, other' },
  { pattern: /\bobey(?:s|ed)?\b|\bwish(?:es|ed)?\b/i, use: 'command or request' },
  { pattern: /\b(?:by|of) itself\b|\bby themselves\b/i, use: 'automatically' },
  { pattern: /\bmeanwhile\b/i, use: 'a sentence that says what happens during that time' },
  { pattern: /\b(?:stands|stood|lies|lie) (?:in|below|beside|behind|there|before)\b/i, use: '"is in"' },
  { pattern: /\b(?:brought|bring) under\b|\bput together\b/i, use: 're-encrypt, migrate or combine' },
  { pattern: /\bgiven up\b|\bgives? up\b/i, use: 'fail, abandon or expire' },
  { pattern: /\bwill do\b|\bgood for\b/i, use: '"is enough" or "valid for"' },
];
