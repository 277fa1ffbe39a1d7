export { characterBoundary, piecesOf, truncate } from './cut.ts';
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
export { type QueryTerm, queryTerms, segment, segmenterVersion, type Term } from './segment.ts';
export { anyAll, quoted, toTsquery, toTsvector } from './tsvector.ts';
