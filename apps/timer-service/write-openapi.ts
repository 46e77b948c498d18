// Regenerates openapi.json. Run `npx nx run timer-service:openapi` after changing a route or the contract.
import { writeFileSync } from 'node:fs';
import { openApiText } from './openapi-text.ts';

writeFileSync(new URL('openapi.json', import.meta.url), await openApiText());
process.stdout.write('wrote apps/timer-service/openapi.json\n');
