import * as knowledge from './0002-knowledge.ts';

/** Migrations of the knowledge tables, in the order of their names. */
export const migrations = { '0002-knowledge': knowledge };
