import { fileURLToPath } from 'node:url';
import preset from './jest.preset.mjs';

const testSupport = new URL('./libs/test-support/src/', import.meta.url);

/** For projects whose tests use a database: one PostgreSQL for the run, and a template from which test databases are copied. */
export default {
  ...preset,
  globalSetup: fileURLToPath(new URL('global-setup.mjs', testSupport)),
  globalTeardown: fileURLToPath(new URL('global-teardown.mjs', testSupport)),
};
