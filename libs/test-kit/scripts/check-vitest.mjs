/**
 * Installs the packed packages and vitest from the registry in a new project, as a team would, and runs a test there.
 * Not part of the tests: it needs the network.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const LIBRARIES = fileURLToPath(new URL('../../', import.meta.url));
/** The newest that runs on Node.js 20. */
const VITEST = 'vitest@3.2.7';

const TEST = `import { startTestKit, type TestKit } from '@timer-platform/test-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let kit: TestKit;
beforeAll(async () => { kit = await startTestKit(); }, 60_000);
afterAll(() => kit.stop());

test('is delivered', async () => {
  await kit.client.create({ delay: '30d', callback: { type: 'http', url: 'https://shop.example/reminders' } });
  await kit.advance('30d');
  expect(kit.deliveries('/reminders')).toHaveLength(1);
});
`;

function run(program, args, cwd) {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(stdout ?? '');
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
  return stdout;
}

const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'check-vitest-')));
try {
  writeFileSync(path.join(directory, 'package.json'), '{ "private": true }');
  const packages = ['callback-types', 'client', 'test-kit'].map((library) =>
    path.join(
      directory,
      run(
        'npm',
        ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory],
        path.join(LIBRARIES, library),
      )
        .trim()
        .split('\n')
        .at(-1),
    ),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--save-dev', VITEST, ...packages], directory);
  writeFileSync(path.join(directory, 'kit.test.ts'), TEST);
  run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'kit.test.ts'], directory);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
