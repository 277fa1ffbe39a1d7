import { copyFile, mkdir } from 'node:fs/promises';
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
await build({ ...common, entryPoints: [`${here}src/main.ts`], outfile: `${here}dist/widget.js` });
await build({ ...common, entryPoints: [`${here}src/demo/demo.ts`], outfile: `${here}dist/demo/demo.js` });
await copyFile(`${here}src/demo/index.html`, `${here}dist/demo/index.html`);
await copyFile(`${here}src/demo/demo.css`, `${here}dist/demo/demo.css`);
