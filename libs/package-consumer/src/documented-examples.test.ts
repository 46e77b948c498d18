import { expect, test } from '@jest/globals';
import { documentedExamples } from './documented-examples.ts';

const PAGE = `# Title

\`\`\`sh
ls
\`\`\`

## First

\`\`\`ts
console.log(1); // → 1
\`\`\`

### Second

\`\`\`js
f();
// → a
// → b
\`\`\`
`;

test('documentedExamples returns the blocks of the languages with their headings and output', () => {
  expect(documentedExamples(PAGE, ['ts', 'js'])).toEqual([
    { heading: 'First', language: 'ts', text: 'console.log(1); // → 1\n', prints: '1\n' },
    { heading: 'Second', language: 'js', text: 'f();\n// → a\n// → b\n', prints: 'a\nb\n' },
  ]);
});

test('documentedExamples ignores blocks of other languages', () => {
  expect(documentedExamples(PAGE, ['python'])).toEqual([]);
});
