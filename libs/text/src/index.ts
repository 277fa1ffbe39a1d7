export { characterBoundary, piecesOf, truncate } from './cut.ts';
