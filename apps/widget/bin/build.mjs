import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const here = fileURLToPath(new URL('..', import.meta.url));
/** Style sheets are part of the scripts, as minified text. */
const styleTexts = {
  name: 'style-texts',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const sheet = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
      return { contents: sheet.code, loader: 'text' };
    });
  },
};
const common = {
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  conditions: ['source'],
  plugins: [styleTexts],
  charset: 'utf8',
  sourcemap: true,
  logLevel: 'warning',
};

for (const page of ['demo', 'account']) await mkdir(`${here}dist/${page}`, { recursive: true });
// What calls need is loaded with the first call, under a name of its content.
const voice = `${here}dist/widget-voice.js`;
await build({ ...common, format: 'esm', entryPoints: [`${here}src/voice/main.ts`], outfile: voice });
const hash = createHash('sha256')
  .update(await readFile(voice))
  .digest('hex')
  .slice(0, 16);
const define = { VOICE_HASH: JSON.stringify(hash) };
await build({ ...common, define, entryPoints: [`${here}src/main.ts`], outfile: `${here}dist/widget.js` });
for (const page of ['demo', 'account']) {
  const [source, target] = [`${here}src/${page}`, `${here}dist/${page}`];
  await build({ ...common, entryPoints: [`${source}/${page}.ts`], outfile: `${target}/${page}.js` });
  await copyFile(`${source}/index.html`, `${target}/index.html`);
  await copyFile(`${source}/${page}.css`, `${target}/${page}.css`);
}
