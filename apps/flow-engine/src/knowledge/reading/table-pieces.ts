import { characterBoundary } from '@parley/text';
import type { TableBlock } from './blocks.ts';
import { cut, join, type Piece, TARGET_LENGTH, textPiece } from './pieces.ts';

/** Longer captions and headers are repeated in part; the first piece has all of them. */
const MAX_REPEATED = 400;
/** Rows that stand below the longest header at least, in characters. */
const MIN_ROWS = 300;

/**
 * Cuts a table between its rows. Each piece begins with the caption and the header, which are no sentences: they are found,
 * and what is quoted are rows.
 */
export function tablePieces({ caption, header, rows }: TableBlock): Piece[] {
  const whole = [caption, header].filter((text) => text !== '').join('\n');
  if (rows.length === 0) return whole === '' ? [] : cut(textPiece(whole));
  const isLong = whole.length > MAX_REPEATED;
  const context = isLong ? whole.slice(0, characterBoundary(whole, MAX_REPEATED)).trimEnd() : whole;
  const limit = Math.max(TARGET_LENGTH - context.length, MIN_ROWS);
  const pieces = rowGroups(rows, limit).map((group) => below(context, group));
  return isLong ? [...cut(textPiece(whole)), ...pieces] : pieces;
}

function rowGroups(rows: readonly string[], limit: number): Piece[] {
  const groups: Piece[] = [];
  let group: Piece[] = [];
  let size = 0;
  for (const row of rows.flatMap((text) => cut(textPiece(text)))) {
    if (group.length > 0 && size + row.text.length > limit) {
      groups.push(join(group, '\n'));
      group = [];
      size = 0;
    }
    group.push(row);
    size += row.text.length + 1;
  }
  return group.length > 0 ? [...groups, join(group, '\n')] : groups;
}

function below(context: string, rows: Piece): Piece {
  if (context === '') return rows;
  return join([{ text: context, sentences: [] }, rows], '\n');
}
