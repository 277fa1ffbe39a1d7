import ts from 'typescript';
import { type Source, walk } from './sources.ts';

/** Words that no identifier has: the left is not used, the right is the standard term (docs/glossary.md). */
export const bannedWords: Readonly<Record<string, string>> = {
  death: 'crash',
  dies: 'crashes',
  ear: 'speech-to-text',
  ears: 'speech-to-text',
  fact: 'event',
  facts: 'events',
  hear: 'receive, transcribe',
  hears: 'isReceiving',
  mouth: 'SpeechPlayer',
  nobody: 'none',
  obey: 'handle',
  obeys: 'handles',
  owe: 'pending',
  owed: 'pending',
  owes: 'pending',
  somebody: 'member, caller, client',
  tell: 'notify, report',
  tells: 'notifies, reports',
  told: 'notified, reported',
  whoever: 'member, caller, client',
  whom: 'member, caller, client',
  wish: 'request',
  wishes: 'requests',
};

/** Declared names with a banned word, as `project name`, sorted. */
export function namesWithOldWords(sources: readonly Source[]): string[] {
  const found = new Set<string>();
  for (const source of sources)
    walk(source, (node) => {
      const name = declaredName(node);
      if (name && wordsOf(name).some((word) => Object.hasOwn(bannedWords, word)))
        found.add(`${source.project} ${name}`);
    });
  return [...found].sort();
}

function declaredName(node: ts.Node): string | null {
  if (!isNamedDeclaration(node) || !node.name) return null;
  return ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name) ? node.name.text : null;
}

function isNamedDeclaration(node: ts.Node): node is ts.NamedDeclaration {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isGetAccessor(node)
  );
}

/** `ToldPosition`, `LAST_FACT` and `isOwed` by their words, in lower case. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}
