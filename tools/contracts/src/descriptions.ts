import { fileURLToPath } from 'node:url';
import { asyncApiDocument, openApiDocument } from '@parley/contracts/reference';

/** The committed descriptions of the API: where each lies and what it holds. */
export function descriptions(): { path: string; text: string }[] {
  const place = (name: string): string =>
    fileURLToPath(new URL(`../../../docs/api/${name}`, import.meta.url));
  const toText = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;
  return [
    { path: place('openapi.json'), text: toText(openApiDocument()) },
    { path: place('asyncapi.json'), text: toText(asyncApiDocument()) },
  ];
}
