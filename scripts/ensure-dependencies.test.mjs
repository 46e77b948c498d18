import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findStaleInstall, isSupportedNode } from './ensure-dependencies.mjs';

test('the Node releases that every package supports are accepted', () => {
  for (const version of ['v20.19.0', 'v20.20.2', 'v22.13.0', 'v24.0.0', 'v26.1.0'])
    assert.ok(isSupportedNode(version), version);
  for (const version of ['v18.20.0', 'v20.18.9', 'v21.7.0', 'v22.12.0', 'v23.11.0', 'v25.0.0'])
    assert.ok(!isSupportedNode(version), version);
});

const lock = {
  packages: {
    '': { version: '1.0.0' },
    'apps/x': { version: '1.0.0' },
    'node_modules/a': { version: '1.2.3' },
    'node_modules/mac-only': { version: '1.0.0', optional: true },
    'apps/x/node_modules/a': { version: '2.0.0' },
  },
};
const complete = {
  packages: { 'node_modules/a': { version: '1.2.3' }, 'apps/x/node_modules/a': { version: '2.0.0' } },
};

test('a complete installation is left alone', () => {
  assert.equal(findStaleInstall(lock, complete), undefined);
});

test('a missing, an interrupted and an older installation are found', () => {
  assert.match(findStaleInstall(lock, undefined), /missing or incomplete/);
  assert.match(
    findStaleInstall(lock, { packages: { 'node_modules/a': { version: '1.2.3' } } }),
    /apps\/x\/node_modules\/a is not/,
  );
  const older = { packages: { ...complete.packages, 'node_modules/a': { version: '1.2.2' } } };
  assert.match(findStaleInstall(lock, older), /node_modules\/a is 1\.2\.2, package-lock\.json has 1\.2\.3/);
});
