import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type Passage, proseOf } from './text.ts';

/** A file and its texts for people. */
export interface Source {
  file: string;
  passages: Passage[];
}

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/(?:^|\/)(?:node_modules|dist|\.parley)\//.test(file))
    .toSorted();
}

/** The README, every guide and every decision. */
export function guides(): Source[] {
  return ['README.md', ...filesBelow('docs', '.md')].map((file) => ({ file, passages: proseOf(read(file)) }));
}

/** Titles, summaries and descriptions of the OpenAPI and AsyncAPI documents, which follow the contracts. */
export function descriptions(): Source[] {
  return ['docs/api/openapi.json', 'docs/api/asyncapi.json'].map((file) => {
    const texts: string[] = [];
    JSON.parse(read(file), (key, value: unknown) => {
      if ((key === 'summary' || key === 'description') && typeof value === 'string') texts.push(value);
      return value;
    });
    return { file, passages: [...new Set(texts)].map((text) => ({ line: 0, text })) };
  });
}

/** Messages that services and libraries log: texts among the arguments of a logger's method. */
export function logMessages(): Source[] {
  return ['apps', 'libs']
    .flatMap((folder) => filesBelow(folder, '.ts'))
    .filter((file) => !/\.spec\.ts$|^apps\/(?:e2e|widget)\//.test(file))
    .map((file) => ({ file, passages: messagesOf(file, read(file)) }))
    .filter(({ passages }) => passages.length > 0);
}

/** The messages of one file. */
export function messagesOf(file: string, text: string): Passage[] {
  if (!LOGS.test(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Passage[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isLogger(node.expression))
      found.push(...node.arguments.flatMap((argument) => textsIn(argument, source)));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const LOGS = /log(?:ger)?\??\.(?:trace|debug|info|warn|error|fatal)\(/i;
const METHOD = /^(?:trace|debug|info|warn|error|fatal)$/;

function isLogger(callee: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(callee) || !METHOD.test(callee.name.text)) return false;
  return /log(?:ger)?$/i.test(callee.expression.getText());
}

function textsIn(argument: ts.Expression, source: ts.SourceFile): Passage[] {
  const line = source.getLineAndCharacterOfPosition(argument.getStart(source)).line + 1;
  if (ts.isStringLiteralLike(argument)) return [{ line, text: argument.text }];
  if (ts.isTemplateExpression(argument))
    return [
      {
        line,
        text: [argument.head, ...argument.templateSpans.map((span) => span.literal)]
          .map((part) => part.text)
          .join('…'),
      },
    ];
  if (ts.isConditionalExpression(argument))
    return [argument.whenTrue, argument.whenFalse].flatMap((branch) => textsIn(branch, source));
  return [];
}
