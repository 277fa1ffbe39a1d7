import root from '../../jest.config.mjs';

/** Stories over the whole running stack, which is started once as a stranger would start it. */
export default {
  ...root,
  rootDir: '../..',
  roots: ['<rootDir>/apps/e2e'],
  testPathIgnorePatterns: ['/node_modules/', '/apps/e2e/src/alone/'],
  globalSetup: '<rootDir>/apps/e2e/src/global-setup.mjs',
  globalTeardown: '<rootDir>/apps/e2e/src/global-teardown.mjs',
  testTimeout: 60_000,
};
