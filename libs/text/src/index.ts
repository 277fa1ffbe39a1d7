export { characterBoundary, piecesOf, truncate } from './cut.ts';
export { toEmoji } from './emoji.ts';
export { toFileName } from './file-name.ts';
export { directionOf, type Language, languageOf, languages, spokenLanguage } from './languages.ts';
export { callPhrases } from './phrases/call/index.ts';
export { flowPhrases } from './phrases/flow/index.ts';
export {
  phrase,
  phrasebook,
  type Phrasebook,
  type PhraseGroup,
  type PhraseSet,
  type PhraseValues,
  type PluralForms,
  type Translation,
} from './phrases/phrase.ts';
export { widgetCallPhrases } from './phrases/widget-call/index.ts';
export { widgetPhrases } from './phrases/widget/index.ts';
export { cleanText, foldForSearch, foldVariants, holdsText } from './normalise.ts';
export {
  type PartQuery,
  type PartTerm,
  partQueries,
  partTerms,
  phraseQuery,
  type TextWords,
  textWords,
} from './parts.ts';
export { type QueryTerm, queryTerms, segment, segmenterVersion, type Term, wordMatcher } from './segment.ts';
export { anyAll, quoted, toTsquery, toTsvector } from './tsvector.ts';
export {
  acceptsOffer,
  consentOf,
  declinesOffer,
  usualConsents,
} from './recognise/consent.ts';
export { detectLanguage } from './recognise/detect-language.ts';
export { asksForPerson, usualPersonRequests } from './recognise/person.ts';
export { PhraseReader, type ReadPhrase, type Wordings } from './recognise/phrase-reader.ts';
export { asksToRepeat, usualRepeatRequests } from './recognise/repeat.ts';
export { comparable, comparableWords } from './recognise/words.ts';
export { type SentenceOptions, type SentenceSpan, SentenceStream, sentencesOf } from './sentences.ts';
