import nx from '@nx/eslint-plugin';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const only = (name, where) => ({ group: [name], message: `Import ${name} only in ${where}.` });
const nats = only('@nats-io/*', 'libs/messaging');
const kysely = only('kysely', 'repositories, tables, migrations and libs/database');
const liveKitServer = only('livekit-server-sdk', 'apps/telephony');
const liveKitAgents = {
  group: ['@livekit/*'],
  message: 'Import LiveKit agents and rtc-node only in apps/voice-agent.',
};
const liveKitClient = only('livekit-client', 'apps/widget');
const s3 = only('@aws-sdk/*', "the assets service's adapter");
const restricted = (...patterns) => ({ '@typescript-eslint/no-restricted-imports': ['error', { patterns }] });

/** Limits of the house: small files, small functions, nothing untyped, no cycles, and who may import whom. */
export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/.parley/**',
      '**/.nx/**',
      '**/artefacts/**',
      '**/*.mjs',
      '**/*.d.ts',
      'docker/**',
    ],
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts', 'tools/**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { '@nx': nx, 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: {
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/extensions': ['.ts'],
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'max-lines': ['error', { max: 400 }],
      'max-params': ['error', 4],
      complexity: ['error', 12],
      eqeqeq: 'error',
      'no-restricted-imports': 'off',
      ...restricted(nats, kysely, liveKitServer, liveKitAgents, liveKitClient, s3),
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          enforceBuildableLibDependency: false,
          depConstraints: [
            { sourceTag: 'layer:contract', onlyDependOnLibsWithTags: [] },
            { sourceTag: 'layer:client', onlyDependOnLibsWithTags: ['layer:contract'] },
            {
              sourceTag: 'layer:kit',
              onlyDependOnLibsWithTags: ['layer:contract', 'layer:kit', 'layer:test'],
            },
            {
              sourceTag: 'layer:test',
              onlyDependOnLibsWithTags: ['layer:contract', 'layer:kit', 'layer:client'],
            },
            { sourceTag: 'scope:browser', onlyDependOnLibsWithTags: ['layer:contract', 'layer:client'] },
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:lib', 'type:tool'] },
            { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:lib', 'type:tool', 'type:app'] },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/messaging/**/*.ts', 'libs/testing/**/*.ts', 'tools/**/*.ts', '**/*.integration.spec.ts'],
    rules: restricted(kysely),
  },
  {
    files: ['apps/telephony/**/*.adapter.ts'],
    rules: restricted(nats, kysely, liveKitAgents, liveKitClient, s3),
  },
  {
    files: ['apps/assets/**/*.adapter.ts'],
    rules: restricted(nats, kysely, liveKitServer, liveKitAgents, liveKitClient),
  },
  { files: ['apps/telephony/test/**'], rules: restricted(nats, kysely, liveKitClient, s3) },
  { files: ['apps/voice-agent/**/*.ts'], rules: restricted(nats, kysely, liveKitServer, liveKitClient, s3) },
  { files: ['apps/widget/**/*.ts'], rules: restricted(nats, kysely, liveKitServer, liveKitAgents, s3) },
  { files: ['apps/e2e/**/*.ts'], rules: restricted(nats, kysely) },
  {
    files: [
      '**/*.repository.ts',
      '**/*.table.ts',
      '**/database.ts',
      '**/migrations/**',
      '**/*.migration.ts',
      'libs/database/**',
      '**/*.spec.ts',
      'libs/testing/**',
      'libs/messaging/**',
    ],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  // A handler that waits keeps its transaction open, and with it a connection of the pool. What else waits checks it at run time.
  {
    files: [
      'apps/{assets,channel-gateway,conversation,flow-engine,identity,notifications,telephony}/src/**/*.{handler,consumer,service,repository}.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:timers/promises', 'timers/promises', 'node:timers'].map((name) => ({
            name,
            message: 'Import sleep from @parley/database: it refuses to wait inside a transaction.',
          })),
        },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Use GuardedFetch of @parley/service, never inside a transaction.' },
      ],
      'no-restricted-properties': [
        'error',
        ...['substr', 'substring'].map((property) => ({
          property,
          message: 'Use truncate, piecesOf or characterBoundary of @parley/text: they cut no character.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout']",
          message: 'Import sleep from @parley/database: it refuses to wait inside a transaction.',
        },
      ],
    },
  },
  // Nest resolves what it injects; the number of parts says nothing there. Specs tell stories.
  {
    files: ['**/*.handler.ts', '**/*.service.ts', '**/*.consumer.ts', '**/*.routes.ts', '**/*.socket.ts'],
    rules: { 'max-params': 'off' },
  },
  { files: ['**/*.spec.ts', '**/test/**'], rules: { 'max-lines-per-function': 'off', 'max-params': 'off' } },
  // The evaluation may run the ranking in its own process, beside the way over HTTP.
  {
    files: ['tools/knowledge-eval/**', 'tools/bench/src/retrieval/**'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  // The snapshot of stored names reads the migrations and variables of every service.
  { files: ['tools/names/**'], rules: { '@nx/enforce-module-boundaries': 'off' } },
  // The bare agent of the bench has the voice agent's ears and voice, so that only the path between them differs.
  { files: ['tools/bench/floors/**'], rules: { '@nx/enforce-module-boundaries': 'off' } },
);
