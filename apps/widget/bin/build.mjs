import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('..', import.meta.url));
const common = {
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  conditions: ['source'],
  loader: { '.css': 'text' },
  sourcemap: true,
  logLevel: 'warning',
};

await mkdir(`${here}dist/demo`, { recursive: true });
// What calls need is loaded with the first call, under a name of its content.
const voice = `${here}dist/widget-voice.js`;
await build({ ...common, format: 'esm', entryPoints: [`${here}src/voice/main.ts`], outfile: voice });
const hash = createHash('sha256')
  .update(await readFile(voice))
  .digest('hex')
  .slice(0, 16);
const define = { VOICE_HASH: JSON.stringify(hash) };
await build({ ...common, define, entryPoints: [`${here}src/main.ts`], outfile: `${here}dist/widget.js` });
await build({ ...common, entryPoints: [`${here}src/demo/demo.ts`], outfile: `${here}dist/demo/demo.js` });
await copyFile(`${here}src/demo/index.html`, `${here}dist/demo/index.html`);
await copyFile(`${here}src/demo/demo.css`, `${here}dist/demo/demo.css`);
