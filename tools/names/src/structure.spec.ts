import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { fileCircles, folderCircles } from './circles.ts';
import { namesWithOldWords } from './old-words.ts';
import { readSources, type Source } from './sources.ts';

/** What stands from before a rule, one line each. Lines are only ever removed. */
function remaining(file: string): string[] {
  const path = fileURLToPath(new URL(`./remaining/${file}.txt`, import.meta.url));
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

/** New violations have to be resolved; lines without a violation have to be removed from the list. */
function expectOnlyRemaining(found: readonly string[], file: string): void {
  const known = new Set(remaining(file));
  expect({
    new: found.filter((line) => !known.has(line)),
    resolved: [...known].filter((line) => !found.includes(line)),
  }).toEqual({ new: [], resolved: [] });
}

function source(path: string, text: string): Source {
  return { path, project: 'apps/x', file: ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true) };
}

describe('The structure of the code', () => {
  const sources = readSources(['apps', 'libs']);

  it('has no new circle between subject folders', () =>
    expectOnlyRemaining(folderCircles(sources), 'folder-circles'));

  it('has no new circle between files, type imports included', () =>
    expectOnlyRemaining(fileCircles(sources), 'file-circles'));

  it('has no new name with a banned word', () =>
    expectOnlyRemaining(namesWithOldWords(sources), 'old-names'));
});

describe('The checks', () => {
  it('find a circle over three folders by an import of types, and no chain', () => {
    const circle = [
      source('apps/x/src/a/a.ts', "import type { B } from '../b/b.ts';"),
      source('apps/x/src/b/b.ts', "export * from '../c/c.ts';"),
      source('apps/x/src/c/c.ts', "import { a } from '../a/a.ts'; import { d } from '../d/d.ts';"),
      source('apps/x/src/d/d.ts', ''),
    ];
    expect(folderCircles(circle)).toEqual(['apps/x: a -> b', 'apps/x: b -> c', 'apps/x: c -> a']);
    expect(fileCircles(circle)).toHaveLength(3);
    expect(folderCircles(circle.slice(1))).toEqual([]);
  });

  it('find banned words in any case, and no word that contains one', () => {
    const code =
      'class Mouth { isOwed = true; tellAll() {} }\nconst LAST_FACT = 1, factory = 2, ears = 3, earlier = 4;';
    expect(namesWithOldWords([source('apps/x/src/a.ts', code)])).toEqual([
      'apps/x LAST_FACT',
      'apps/x Mouth',
      'apps/x ears',
      'apps/x isOwed',
      'apps/x tellAll',
    ]);
  });
});
