import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const docs = fileURLToPath(new URL('../../../../docs/', import.meta.url));

/** Sentences of the documentation, such as answers are made of: always the same ones, in the same order. */
export function documentationSentences(count: number): string[] {
  const text = readdirSync(docs)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => readFileSync(`${docs}${name}`, 'utf8').replaceAll(/[`*#|]/g, ' '))
    .join('\n');
  const found = text.matchAll(/(?<=[.\n] )[A-Z][a-zA-Z ,'-]{40,160}\./g);
  return [...new Set([...found].map(([one]) => one.replaceAll(/\s+/g, ' ')))].slice(0, count);
}
