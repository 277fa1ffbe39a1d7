// Bundles a built service into one folder: main.js, migrate.js, set-up and its workers; outside the workspace with all that these
// need beside them, inside it they find packages, widget and pages where they are.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, resolve, sep } from 'node:path';
import { build } from 'esbuild';

const [service, out] = process.argv.slice(2);
if (service === undefined || out === undefined) {
  console.error('node docker/bundle.mjs <service> <folder>');
  process.exit(2);
}
const root = resolve(import.meta.dirname, '..');
const inWorkspace = resolve(out).startsWith(root + sep);
const dist = join(root, 'apps', service, 'dist');
// Processes and threads of their own; they lie beside main.js in the image.
const isEntry = (file) =>
  /^(?:main|bridge|migrate|create-account|rotate-signing-key)\.js$|\.worker\.js$|(?:^|\/)job\.js$/.test(file);
const files = readdirSync(dist, { recursive: true })
  .filter(isEntry)
  .map((file) => join(dist, file));
const setup = join(root, 'libs/service/dist/setup-streams.js');
const entryPoints = [...files, setup].map((path) => ({ in: path, out: basename(path, '.js') }));
// `parley dlq …` for whoever runs the installation: node parley.js, or parley in the image.
entryPoints.push({ in: join(root, 'tools/cli/src/main.ts'), out: 'parley' });

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

// Packages with programs or models in them stay packages, with all that they need, in the lockfile's versions.
const whole = ['@livekit/agents', '@livekit/rtc-node', 'soundswallower', '@echogarden/espeak-ng-emscripten'];
const packages = service === 'voice-agent' ? whole : [];

// What an earlier bundle left would stay beside this one.
if (inWorkspace) rmSync(out, { recursive: true, force: true });
await build({
  entryPoints,
  external: packages.flatMap((name) => [name, `${name}/*`]),
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
for (const path of inWorkspace ? [] : withDependencies(packages)) {
  const nested = (source) => !source.slice(join(root, path).length).includes('node_modules');
  cpSync(join(root, path), join(out, path), { recursive: true, filter: nested });
}
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
// The gateway serves the widget, and the written pages of the documentation.
if (service === 'channel-gateway' && !inWorkspace) {
  cpSync(join(root, 'apps/widget/dist'), join(out, 'widget'), { recursive: true });
  const isPage = (path) => !/\.(?:\w+)$/.test(path) || path.endsWith('.md');
  cpSync(join(root, 'docs'), join(out, 'docs'), { recursive: true, filter: isPage });
}

/** Folders of packages and of all they depend on, as the lockfile places them; what is not installed here is for other machines. */
function withDependencies(names) {
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const found = new Set();
  const visit = (name, from) => {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
      const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      if (locked[path] !== undefined && existsSync(join(root, path))) return take(path);
      if (folder === '') return;
    }
  };
  const take = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const { dependencies, optionalDependencies, peerDependencies } = locked[path];
    const needed = { ...dependencies, ...optionalDependencies, ...peerDependencies };
    for (const name of Object.keys(needed)) visit(name, path);
  };
  for (const name of names) visit(name, '');
  return found;
}
