import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { withDirectoryLock } from './directory-lock.mjs';

const directory = mkdtempSync(path.join(tmpdir(), 'directory-lock-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Starts a process that takes the lock, says so, and holds it. */
async function startHolder(lock) {
  const program = `
    import { withDirectoryLock } from ${JSON.stringify(new URL('directory-lock.mjs', import.meta.url).href)};
    await withDirectoryLock(${JSON.stringify(lock)}, () => {
      console.log('held');
      return new Promise((resolve) => process.stdin.on('end', resolve).resume());
    });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a second process waits until the first one releases the lock', async () => {
  const lock = path.join(directory, 'waits');
  const holder = await startHolder(lock);
  let released = false;
  await withDirectoryLock(lock, () => assert.ok(released), {
    onWait: () => {
      released = true;
      holder.stdin.end();
    },
  });
  assert.ok(!existsSync(lock));
});

for (const signal of ['SIGKILL', 'SIGINT']) {
  test(`the lock of a process that ${signal} ended is taken over`, async () => {
    const lock = path.join(directory, signal);
    const holder = await startHolder(lock);
    holder.kill(signal);
    assert.deepEqual(await once(holder, 'exit'), [null, signal]);
    assert.equal(existsSync(lock), signal === 'SIGKILL');
    assert.equal(await withDirectoryLock(lock, () => 'taken', { staleAfterMs: 300 }), 'taken');
  });
}

test('two first starts at once install the packages once', async () => {
  const workspace = path.join(directory, 'workspace');
  mkdirSync(path.join(workspace, 'bin'), { recursive: true });
  cpSync(new URL('.', import.meta.url), path.join(workspace, 'scripts'), { recursive: true });
  const lock = { packages: { 'node_modules/a': { version: '1.0.0' } } };
  writeFileSync(path.join(workspace, 'package-lock.json'), JSON.stringify(lock));
  const npm = path.join(workspace, 'bin', 'npm');
  // As npm ci: empties node_modules, and writes the list of packages at the very end.
  writeFileSync(
    npm,
    `#!/bin/sh
echo started >> npm.log
rm -rf node_modules && mkdir node_modules
until [ -s waiting.log ]; do sleep 0.05; done
cp package-lock.json node_modules/.package-lock.json
echo ended >> npm.log
`,
  );
  chmodSync(npm, 0o755);
  const env = { ...process.env };
  delete env.npm_execpath;
  const start = () => {
    const child = spawn(process.execPath, [path.join('scripts', 'ensure-dependencies.mjs')], {
      cwd: workspace,
      env: { ...env, PATH: `${path.dirname(npm)}${path.delimiter}${env.PATH}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (line) => {
      if (String(line).includes('Waiting')) writeFileSync(path.join(workspace, 'waiting.log'), 'yes');
    });
    return Promise.all([once(child, 'exit'), text(child.stdout)]);
  };
  const ended = await Promise.all([start(), start()]);
  assert.deepEqual(
    ended.map(([[code]]) => code),
    [0, 0],
  );
  assert.equal(readFileSync(path.join(workspace, 'npm.log'), 'utf8'), 'started\nended\n');
});
