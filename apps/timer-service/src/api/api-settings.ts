import { z } from 'zod';
import { wholeNumber } from '../settings.ts';

/** Settings of the HTTP API. */
export const apiSettingsSchema = z
  .object({
    HOST: z.string().min(1).default('0.0.0.0'),
    PORT: wholeNumber(0, 65_535, 8_080),
    API_KEY: z.string().min(32, { error: 'must have at least 32 characters' }).optional(),
  })
  .transform((env) => ({ host: env.HOST, port: env.PORT, apiKey: env.API_KEY }));
export type ApiSettings = z.infer<typeof apiSettingsSchema>;
