import { z } from 'zod';
import { destinationSchema } from './destination.ts';
import { dispatcherSchema } from './dispatcher.ts';
import { forecastSchema } from './forecast.ts';
import { statsSchema } from './stats.ts';
import { success } from './success-response.ts';

/** `GET /stats`. */
export const statsResponseSchema = success(statsSchema);
/** `GET /forecast`. */
export const forecastResponseSchema = success(forecastSchema);
/** `GET` and `PATCH /destinations/:key`, `POST /destinations/:key/pause` and `/resume`. */
export const destinationResponseSchema = success(destinationSchema);
/** `GET /destinations`. */
export const destinationListResponseSchema = success(
  z.object({
    destinations: z.array(destinationSchema).meta({
      description:
        'Those with settings, and those where the dispatchers deliver now, in the order of their names',
    }),
  }),
);
/** `GET /dispatchers`. */
export const dispatcherListResponseSchema = success(z.object({ dispatchers: z.array(dispatcherSchema) }));

export type StatsResponse = z.infer<typeof statsResponseSchema>;
export type ForecastResponse = z.infer<typeof forecastResponseSchema>;
export type DestinationResponse = z.infer<typeof destinationResponseSchema>;
export type DestinationListResponse = z.infer<typeof destinationListResponseSchema>;
export type DispatcherListResponse = z.infer<typeof dispatcherListResponseSchema>;
