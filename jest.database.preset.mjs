import { fileURLToPath } from 'node:url';
import preset from './jest.preset.mjs';

const testing = new URL('./libs/database/src/testing/', import.meta.url);

/** For projects whose tests call createTestDatabase: one PostgreSQL for the run, a copied database for each test file. */
export default {
  ...preset,
  globalSetup: fileURLToPath(new URL('global-setup.mjs', testing)),
  globalTeardown: fileURLToPath(new URL('global-teardown.mjs', testing)),
};
