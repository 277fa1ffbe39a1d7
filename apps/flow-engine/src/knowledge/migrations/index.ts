import * as knowledge from './0002-knowledge.ts';
import * as documentContent from './0003-document-content.ts';
import * as segmenter from './0007-segmenter.ts';
import * as revision from './0008-knowledge-revision.ts';

/** Migrations of the knowledge tables, in the order of their names. */
export const migrations = {
  '0002-knowledge': knowledge,
  '0003-document-content': documentContent,
  '0007-segmenter': segmenter,
  '0008-knowledge-revision': revision,
};
