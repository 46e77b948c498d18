import { mkdirSync } from 'node:fs';

// jest writes its results there with --outputFile, but does not make the directory.
mkdirSync('coverage', { recursive: true });

/** Shared by every project's jest.config.mjs: real ES modules, TypeScript stripped by swc, libraries taken from source. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@timer-platform/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/src/**/*.test.ts'],
  testTimeout: 60_000,
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
