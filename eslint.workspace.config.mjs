import { defineConfig } from 'eslint/config';
import base from './eslint.config.mjs';

/** The rules of eslint.config.mjs with the types of two programs, for npm test. Needs the project graph of Nx in its cache. */
export default defineConfig(base, {
  files: ['**/*.{ts,tsx}'],
  languageOptions: {
    parserOptions: {
      projectService: false,
      project: ['./tsconfig.workspace.json', './apps/console/tsconfig.json'],
    },
  },
});
