import { fileURLToPath } from 'node:url';
import preset from './jest.preset.mjs';

const testSupport = new URL('./libs/test-support/src/', import.meta.url);

/** For projects whose tests call createTestDatabase: one PostgreSQL for the run, a copied database for each test file. */
export default {
  ...preset,
  globalSetup: fileURLToPath(new URL('global-setup.mjs', testSupport)),
  globalTeardown: fileURLToPath(new URL('global-teardown.mjs', testSupport)),
};
