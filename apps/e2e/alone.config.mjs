import root from '../../jest.config.mjs';

/** Stories that start what they need themselves. */
export default {
  ...root,
  rootDir: '../..',
  roots: ['<rootDir>/apps/e2e/src/alone'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: undefined,
  globalTeardown: undefined,
  testTimeout: 60_000,
};
