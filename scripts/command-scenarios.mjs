/** The URL in CONTRIBUTING.md, for the temporary database. */
const EMBEDDED_DATABASE =
  'postgres://timers:$(cat $TIMER_DIRECTORY/postgres/cluster/password)@127.0.0.1:$(cat $TIMER_DIRECTORY/postgres/cluster/port)/timers';
const PRODUCTION = `DATABASE_URL="${EMBEDDED_DATABASE}" API_KEY=$(openssl rand -hex 32)`;
const TIMER_SERVICE = 'apps/timer-service';
const HEADER_KEY = `a:${Buffer.alloc(32, 1).toString('base64')}`;
const SMALL =
  '--rounds 1 --timers 500 --bursts 500 --rates 200 --mixed-rate 200 --search-seconds 2 --large 20 --nats-timers 500 --seconds 2 --finished 1000 --pending 1000 --herd 500';
const BENCH_OUT = '--out $TIMER_DIRECTORY/bench';

/** A database that the first service migrated to 001, with some timers. */
const FIRST_SERVICE = [
  ['-f', 'migrations/001_create_timers.sql'],
  [
    '-c',
    `CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
       installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL,
       execution_time BIGINT NOT NULL);
     INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
     VALUES (20250101000000, 'create timers', true, '\\x00', 1);
     INSERT INTO timers (execute_at, callback_url, callback_headers, callback_payload)
     SELECT now() + interval '1 day', 'https://example.com/' || i, '{"a": "b"}', to_jsonb(i)
     FROM generate_series(1, 100) AS i`,
  ],
];
const TIMERS_WITH_HEADERS = [
  [
    '-c',
    `INSERT INTO timers (execute_at, callback_config)
     SELECT now() + interval '1 day',
            jsonb_build_object('type', 'http', 'url', 'https://example.com/' || i, 'headers', '{"a": "b"}'::jsonb)
     FROM generate_series(1, 100) AS i`,
  ],
];

/**
 * How to try each documented command. The steps of a scenario run in this order and share a database. A step has:
 *
 * - `command`: as documented, none for a program that other steps need; `as`: what runs instead
 * - `cwd`, `env`, `exitCode` (0 by default), `shows`: what the output must match
 * - `until`: the command runs until its output matches, then gets Ctrl-C; `meanwhile`: steps before that
 * - `psql`: instead of a command, statements that prepare the database
 *
 * A scenario with `writes` changes these tracked files; they are restored after it.
 *
 * @type {{ title: string, writes?: string[], steps: object[] }[]}
 */
export const SCENARIOS = [
  {
    title: 'an empty database',
    steps: [
      { command: 'npm ci', as: 'npm ci --dry-run' },
      { command: 'npx nx run migrator:build' },
      { command: 'npx nx run migrator:plan', shows: /010_/ },
      { command: 'npx nx run migrator:migrate -- --to 8', shows: /done, the schema is at version 8/ },
      { command: 'npx nx run migrator:status', shows: /8 applied, [1-9]\d* pending/ },
      { command: 'node apps/migrator/dist/main.js migrate --to 8', shows: /^nothing to do/m },
      { command: 'npx timer-migrator migrate --to 8', shows: /^nothing to do/m },
      { command: 'npx nx run migrator:migrate', shows: /done, the schema is at version/ },
      { command: 'npx nx run migrator:verify', shows: /files, ledger and live schema match/ },
      { command: 'npx nx run migrator:dump-schema', shows: /wrote schema\.sql/ },
      { command: 'npx nx run migrator:down -- --to 1', exitCode: 1, shows: /Confirm with --accept-loss/ },
      {
        command: 'npx nx run migrator:down -- --to 1 --accept-loss',
        shows: /done, the schema is at version 1/,
      },
    ],
  },
  {
    title: 'a new migration',
    writes: ['migrations', 'schema.sql'],
    steps: [
      { command: 'npx nx run migrator:new -- "add label"', shows: /^migrations\/down\/\d+_add_label\.sql/m },
      { command: 'npx nx run migrator:migrate', shows: /_add_label\.sql/ },
      { command: 'npx nx run migrator:new -- "add something"', shows: /_add_something\.sql/ },
      { command: 'npx nx run migrator:new -- "what it does"', shows: /_what_it_does\.sql/ },
      { command: 'npx nx run migrator:plan', shows: /_what_it_does\.sql/ },
      { command: 'npx nx run migrator:migrate', shows: /_add_something\.sql[\s\S]*_what_it_does\.sql/ },
      { command: 'npx nx run migrator:dump-schema', shows: /wrote schema\.sql/ },
      { command: 'npx nx run migrator:reset -- --yes', shows: /001_create_timers\.sql[\s\S]*_what_it_does/ },
    ],
  },
  {
    title: 'from 001 to 002 while the first service is running',
    steps: [
      { psql: FIRST_SERVICE },
      { command: 'npx nx run migrator:plan', shows: /002_add_callback_types\.sql/ },
      { command: 'npx nx run migrator:status', shows: /by the first service; not recorded yet/ },
      { command: 'npx nx run migrator:adopt', shows: /adopted: .* recorded in _timer_migrations/ },
      { command: 'npx nx run migrator:adopt -- --repair-line-endings', shows: /nothing to repair/ },
      { command: 'npx nx run migrator:online -- start' },
      { command: 'npx nx run migrator:online -- status', shows: /version 2: verified/ },
      { command: 'npx nx run migrator:online -- verify' },
      { command: 'npx nx run migrator:online -- pause' },
      { command: 'npx nx run migrator:online -- status', shows: /paused/ },
      { command: 'npx nx run migrator:online -- resume' },
      {
        command: 'npx nx run migrator:migrate -- --before-contract',
        shows: /waiting for the contract.*009_/,
      },
      { command: 'npx nx run migrator:online -- contract --old-service-stopped' },
      { command: 'npx nx run migrator:migrate', shows: /009_/ },
      { command: 'npx nx run migrator:verify', shows: /files, ledger and live schema match/ },
      {
        command: 'npx nx run migrator:adopt -- --finish --old-service-stopped',
        shows: /the ledger is now _sqlx_migrations/,
      },
    ],
  },
  {
    title: 'back to 001 before the contract',
    steps: [
      { psql: FIRST_SERVICE },
      { command: 'npx nx run migrator:adopt' },
      { command: 'npx nx run migrator:online -- start' },
      { command: 'npx nx run migrator:migrate -- --before-contract' },
      { command: 'npx nx run migrator:down -- --to 1 --accept-loss' },
      { command: 'npx nx run migrator:online -- abort' },
      { command: 'npx nx run migrator:verify' },
    ],
  },
  {
    title: 'encrypted headers',
    steps: [
      { command: 'npx nx run migrator:migrate' },
      { psql: TIMERS_WITH_HEADERS },
      {
        command: 'npx nx run migrator:encrypt-headers',
        env: { HEADER_ENCRYPTION_KEYS: HEADER_KEY },
        shows: /100/,
      },
      {
        command: 'npx nx run migrator:encrypt-headers -- --decrypt',
        env: { HEADER_ENCRYPTION_KEYS: `none,${HEADER_KEY}` },
        shows: /100/,
      },
    ],
  },
  {
    title: 'services',
    steps: [
      { command: 'npx nx run timer-service:build' },
      {
        command: 'npm start',
        until: /Press Ctrl-C to stop/,
        meanwhile: [
          {
            command:
              'psql "postgres://timers:$(cat .timer/postgres/cluster/password)@127.0.0.1:$(cat .timer/postgres/cluster/port)/timers"',
            as: `psql "${EMBEDDED_DATABASE}"`,
          },
          {
            command:
              'DATABASE_URL=postgres://… API_KEY=… node --max-semi-space-size=16 --heap-growing-percent=50 --no-allocation-site-pretenuring apps/timer-service/dist/main.js',
            as: `${PRODUCTION} node --max-semi-space-size=16 --heap-growing-percent=50 --no-allocation-site-pretenuring apps/timer-service/dist/main.js`,
            until: /"listening"/,
          },
          {
            command:
              'node --max-semi-space-size=16 --heap-growing-percent=50 --no-allocation-site-pretenuring apps/timer-service/dist/main.js',
            as: `${PRODUCTION} node --max-semi-space-size=16 --heap-growing-percent=50 --no-allocation-site-pretenuring apps/timer-service/dist/main.js`,
            until: /"listening"/,
          },
          {
            command: 'npx nx run timer-service:serve',
            as: `${PRODUCTION} npx nx run timer-service:serve`,
            until: /"listening"/,
          },
        ],
      },
      {
        as: 'nats-server --addr 127.0.0.1 --port $NATS_PORT',
        until: /Server is ready/,
        meanwhile: [
          {
            command: 'NATS_URL=nats://127.0.0.1:4222 npm start',
            as: 'NATS_URL=nats://127.0.0.1:$NATS_PORT npm start',
            until: /Press Ctrl-C to stop/,
          },
          {
            command: 'SIGNING_SECRETS=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw npm start',
            until: /Press Ctrl-C to stop/,
          },
        ],
      },
      {
        command:
          'TIMER_MODE=development node --watch --import tsx --conditions=@timer-platform/source apps/timer-service/src/main.ts',
        until: /Press Ctrl-C to stop/,
      },
    ],
  },
  {
    title: 'checks',
    steps: [
      { command: 'npm test', timeoutMinutes: 60, shows: /^[1-9]\d* passed, 0 failed/m },
      { command: 'npm run check' },
      { command: 'npx nx test timer-service' },
      { command: 'npx nx test timer-service -- src/dispatch', shows: /src\/dispatch/ },
      { command: 'npx nx lint timer-service' },
      { command: 'npx nx run-many -t typecheck' },
      { command: 'npx nx test callback-types -- src/timer-requests.test.ts' },
      { command: 'npx nx test database -- src/schema.test.ts' },
      { command: 'npx nx test timer-service -- src/documentation.test.ts' },
      {
        command:
          'node --experimental-vm-modules ../../node_modules/jest/bin/jest.js --watch src/dispatch/settle',
        cwd: TIMER_SERVICE,
        until: /Ran all test suites|No tests found/,
      },
      {
        command: 'npx tsc -p tsconfig.json --noEmit --watch',
        cwd: TIMER_SERVICE,
        until: /Found 0 errors\. Watching for file changes/,
      },
      {
        command:
          'node --inspect-brk --experimental-vm-modules ../../node_modules/jest/bin/jest.js -i src/service.test.ts',
        cwd: TIMER_SERVICE,
        until: /Debugger listening on/,
      },
      {
        command: 'node scripts/documented-commands.mjs',
        as: 'node scripts/documented-commands.mjs --list',
        shows: /^npx nx run migrator:migrate$/m,
      },
      { command: 'npx nx run migrator:check-sqlx', timeoutMinutes: 60, shows: /^(?:ok|skipped) /m },
      {
        command: 'npx nx run migrator:check-versions',
        as: 'npx nx run migrator:check-versions -- 12',
        shows: /^12 +1 +0$/m,
      },
      { command: 'npx nx run migrator:lint-sql', shows: /, 0 not explained$|^skipped/m },
      {
        command: 'npx nx run timer-service:check-generators',
        timeoutMinutes: 10,
        shows: /^(?:ok|skipped) /m,
      },
      {
        command: 'npx nx run examples:check-prisma',
        timeoutMinutes: 10,
        shows: /^(?:Prisma .*: ok$|skipped)/m,
      },
      {
        command: 'npx nx run examples:check-runtimes',
        timeoutMinutes: 10,
        shows: /^(?:bun .*: ok$|skipped bun)/m,
      },
      { command: 'npx nx run examples:verifying-receiver', shows: /a request without a signature: 401/ },
      { command: 'npx nx run examples:order-service', shows: /order 3: not paid, reminded/ },
      { command: 'npx nx run examples:nats-consumer', shows: /shipment S-1: handled at try 2/ },
      { command: 'npx nx run examples:saga-timeout', shows: /seat 12B: paid too late, refunded/ },
      { command: 'npm run api-reference', shows: /html generated at/ },
      { command: 'npm run regenerate' },
      { command: 'npm run format' },
    ],
  },
  {
    title: 'a release',
    writes: ['apps/*/package.json', 'package.json', 'package-lock.json'],
    steps: [
      {
        command:
          'npm version 0.2.0 --no-git-tag-version -w apps/timer-service -w apps/migrator --include-workspace-root',
      },
      { command: 'npx nx release 0.2.0 --dry-run', shows: /New version 0\.2\.0/ },
    ],
  },
  {
    title: 'the console',
    writes: ['docs/console'],
    steps: [
      { command: 'npx nx run console:build' },
      { command: 'npx nx run console:typecheck' },
      { command: 'npx nx run console:test' },
      { command: 'npx nx run console:dev', until: /ready in/ },
      { command: 'npx nx run console:screenshots' },
    ],
  },
  {
    title: 'chaos',
    steps: [{ command: 'npx nx run chaos:run', as: 'npx nx run chaos:run -- --rounds 1 --timers 500' }],
  },
  {
    title: 'benchmarks',
    steps: [
      { command: 'npx nx run bench:quick' },
      {
        command: 'npx nx run bench:console',
        as: 'npx nx run bench:console -- --rounds 1 --burst 500 --rate 200 --seconds 2 --pending 1000',
      },
      {
        command: 'npx nx run bench:console-large',
        as: 'npx nx run bench:console-large -- --timers 5000 --passes 1',
      },
      { command: 'npx nx run bench:schedules', as: 'npx nx run bench:schedules -- --schedules 1000' },
      { command: 'npx nx run bench:migration', as: 'npx nx run bench:migration -- --rows 5000' },
      {
        command: 'npx nx run bench:migration -- large',
        as: 'npx nx run bench:migration -- large --rows 5000 --replica',
        shows: /^backfill +/m,
      },
      {
        command: 'npx nx run bench:compare',
        as: `npx nx run bench:compare -- ${SMALL} ${BENCH_OUT}`,
      },
      {
        command:
          'npx nx run bench:compare -- --only burst,steady --bursts 20000 --rates 1000,3000 --rounds 5',
        as: `npx nx run bench:compare -- --only burst,steady ${SMALL} ${BENCH_OUT}`,
      },
      {
        command: 'npx nx run bench:compare -- --only search,mixed --rounds 1',
        as: `npx nx run bench:compare -- --only search,mixed ${SMALL} ${BENCH_OUT}`,
      },
      {
        command: 'npx nx run bench:compare -- --only pending --pending 10000000',
        as: `npx nx run bench:compare -- --only pending ${SMALL} ${BENCH_OUT}`,
      },
    ],
  },
];

/** Commands that a test runs, and the documented command that runs the test. */
export const TESTED = {
  // Those of timer are run by libs/client/src/readme.test.ts.
  pattern: /^(?:curl |ID=\$\(curl |export TIMER_(?:URL|SECRETS)=|timer )/,
  by: 'npx nx test timer-service -- src/documentation.test.ts',
};

/** The commands of steps, those in `meanwhile` included. */
export function commandsOf(steps) {
  return steps.flatMap(({ command, meanwhile = [] }) => [
    ...(command === undefined ? [] : [command]),
    ...commandsOf(meanwhile),
  ]);
}
