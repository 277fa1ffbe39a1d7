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
