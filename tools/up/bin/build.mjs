// Builds what npm run up starts, unless nothing has changed since.
import { fileURLToPath } from 'node:url';
import { build } from '../src/build.ts';

console.log(`The build ${build(fileURLToPath(new URL('../../..', import.meta.url)))}`);
