import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A program that the workspace has installed. */
export const bin = (name: string): string => join(root, 'node_modules/.bin', name);
