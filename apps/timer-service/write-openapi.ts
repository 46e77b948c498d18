// Writes openapi.json anew. Run as `npx nx run timer-service:openapi` after a change of a route or of the contract.
import { writeFileSync } from 'node:fs';
import { openApiText } from './openapi-text.ts';

writeFileSync(new URL('openapi.json', import.meta.url), await openApiText());
process.stdout.write('wrote apps/timer-service/openapi.json\n');
