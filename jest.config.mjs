/** Specs of the whole repository; PostgreSQL and NATS are started once (tools/test/src/global-setup.ts). */
export default {
  testEnvironment: 'node',
  rootDir: '.',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/apps/e2e/'],
  modulePathIgnorePatterns: ['/dist/', '/.parley/', '/.nx/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // The condition `source` finds the TypeScript of this package, too.
  transformIgnorePatterns: ['/node_modules/(?!eventsource-parser/)'],
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/tools/test/src/global-setup.mjs',
  globalTeardown: '<rootDir>/tools/test/src/global-teardown.mjs',
  testTimeout: 30_000,
  maxWorkers: 1,
};
