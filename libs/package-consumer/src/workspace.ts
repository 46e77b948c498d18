import { fileURLToPath } from 'node:url';

/** The directory of nx.json. */
export const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));
