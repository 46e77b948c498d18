// The package is "type": "module"; this file makes dist/cjs, code and types, CommonJS for Node and for TypeScript.
import { writeFileSync } from 'node:fs';

writeFileSync(new URL('dist/cjs/package.json', import.meta.url), '{ "type": "commonjs" }\n');
