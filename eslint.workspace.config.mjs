import { defineConfig } from 'eslint/config';
import base from './eslint.config.mjs';

/** The rules of eslint.config.mjs with the types of one program, for npm test. Needs the project graph of Nx in its cache. */
export default defineConfig(base, {
  files: ['**/*.ts'],
  languageOptions: { parserOptions: { projectService: false, project: './tsconfig.workspace.json' } },
});
