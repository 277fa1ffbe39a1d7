// Bundles a built service into one folder without node_modules: main.js, migrate.js, set-up and its workers.
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';

const [service, out] = process.argv.slice(2);
if (service === undefined || out === undefined) {
  console.error('node docker/bundle.mjs <service> <folder>');
  process.exit(2);
}
const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'apps', service, 'dist');
const workers = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.worker.js'));
const files = ['main.js', 'migrate.js', ...workers].map((file) => join(dist, file));
const setup = join(root, 'libs/service/dist/setup-streams.js');
const entryPoints = [...files, setup].map((path) => ({ in: path, out: basename(path, '.js') }));

// What packages load only where it is installed (Nest's other transports, pg's native client) stays outside.
const optional = {
  name: 'optional',
  setup(builder) {
    builder.onResolve({ filter: /^[@a-z]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'resolved' || isBuiltin(path)) return undefined;
      const found = await builder.resolve(path, { ...from, pluginData: 'resolved' });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
  },
};

await build({
  entryPoints,
  outdir: out,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: 'linked',
  sourcesContent: false,
  keepNames: true,
  legalComments: 'none',
  plugins: [optional],
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as bundledRequire } from 'node:module'; import { fileURLToPath as bundledPath } from 'node:url'; const require = bundledRequire(import.meta.url); const __filename = bundledPath(import.meta.url); const __dirname = bundledPath(new URL('.', import.meta.url));",
  },
});
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
// The gateway serves the widget.
const widget = join(root, 'apps/widget/dist');
if (service === 'channel-gateway') cpSync(widget, join(out, 'widget'), { recursive: true });
