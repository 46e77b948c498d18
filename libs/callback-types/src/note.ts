import { z } from 'zod';
import { jsonValueSchema } from './json-value.ts';
import { LIMITS } from './limits.ts';

/** Why something is paused, for people: text that PostgreSQL can store. */
export const noteSchema = jsonValueSchema(LIMITS.noteLength * 4).pipe(z.string().max(LIMITS.noteLength));
