import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import {
  findAnchors,
  findBrokenLink,
  findCommands,
  findLinks,
  findScripts,
  findTargets,
  listDocuments,
} from './documents.mjs';
import { computeProjectGraph } from './project-graph.mjs';
import { readJson, workspaceRoot } from './workspace.mjs';

test('findLinks finds relative links outside code', () => {
  const markdown = [
    '[a](docs/a.md#b) [b](https://example.com) `[c](c.md)` ![d](d.svg)',
    '```md',
    '[e](e.md)',
    '```',
    '[f](mailto:f@example.com) [g](#g)',
  ].join('\n');
  assert.deepEqual(findLinks(markdown), ['docs/a.md#b', 'd.svg', '#g']);
});

test('findAnchors spells headings as GitHub does', () => {
  const markdown = '# A first, *then* `b:c`\n\n```sh\n# no heading\n```\n\n### 2. Adopt\n';
  assert.deepEqual(findAnchors(markdown), ['a-first-then-bc', '2-adopt']);
});

test('findBrokenLink names a missing file and a missing heading', () => {
  assert.equal(findBrokenLink('README.md', 'docs/api.md#codes'), undefined);
  assert.equal(findBrokenLink('docs/api.md', '../README.md'), undefined);
  assert.match(findBrokenLink('docs/api.md', 'missing.md'), /there is no docs\/missing\.md/);
  assert.match(findBrokenLink('README.md', 'docs/api.md#missing'), /has no heading #missing/);
});

test('findTargets finds every way to write a target', () => {
  const markdown =
    '`npx nx run app:serve -- --port 1`, `app:lint`, `npx nx test app`, `nx run gone:build`, other:x';
  assert.deepEqual(findTargets(markdown, ['app', 'lib']), [
    'app:serve',
    'gone:build',
    'app:lint',
    'app:test',
  ]);
});

test('findScripts finds npm scripts', () => {
  assert.deepEqual(findScripts('`npm start`, `npm test`, `npm run a:b`, npm install'), [
    'start',
    'test',
    'a:b',
  ]);
});

test('findCommands finds the commands of shell blocks and inline code once', () => {
  const markdown = [
    'Run `npm start` or `A=1 npm run b`, not `npm install` or `make`.',
    '```sh',
    '# the first',
    'npx nx run a:b   # a comment',
    'npm start',
    "curl -d '{",
    '  "a": 1',
    "}' http://a/#b | cat",
    '```',
    '   ```sh',
    '   psql "$(cat a)"',
    '   ```',
    '```ts',
    'const command = `npx a`;',
    '```',
    '| `node apps/a.js` | `node` | `npx c -- "d e"` |',
  ].join('\n');
  assert.deepEqual(findCommands(markdown), [
    'npx nx run a:b',
    'npm start',
    'curl -d \'{\n  "a": 1\n}\' http://a/#b | cat',
    'psql "$(cat a)"',
    'A=1 npm run b',
    'node apps/a.js',
    'npx c -- "d e"',
  ]);
});

let targets;
before(async () => {
  // Those that Nx plugins infer included.
  const { nodes } = await computeProjectGraph();
  targets = new Map(Object.entries(nodes).map(([name, { data }]) => [name, Object.keys(data.targets)]));
});
const { scripts } = readJson(path.join(workspaceRoot, 'package.json'));

for (const document of listDocuments())
  describe(document, () => {
    const markdown = readFileSync(path.join(workspaceRoot, document), 'utf8');

    test('has no broken relative link', () => {
      const broken = findLinks(markdown).map((link) => findBrokenLink(document, link));
      assert.deepEqual(
        broken.filter((problem) => problem !== undefined),
        [],
      );
    });

    test('mentions only Nx targets and npm scripts that exist', () => {
      const missingTargets = findTargets(markdown, [...targets.keys()]).filter((mentioned) => {
        const [project, target] = mentioned.split(':');
        return !targets.get(project)?.includes(target);
      });
      const missingScripts = findScripts(markdown).filter((name) => !(name in scripts));
      assert.deepEqual([...missingTargets, ...missingScripts], []);
    });
  });

test('docs/adr/README.md lists every decision record', () => {
  const directory = path.join('docs', 'adr');
  const records = listDocuments(directory).map((file) => path.basename(file));
  const listed = findLinks(readFileSync(path.join(workspaceRoot, directory, 'README.md'), 'utf8'));
  assert.deepEqual(listed.sort(), records.filter((name) => name !== 'README.md').sort());
});
