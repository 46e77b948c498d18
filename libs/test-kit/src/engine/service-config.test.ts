import { describe, expect, test } from '@jest/globals';
import { serviceConfig } from './service-config.ts';

const kit = {
  databaseUrl: 'postgres://localhost/timers',
  apiKey: 'a-key-of-at-least-thirty-two-characters',
  port: 0,
  natsUrl: null,
};

describe('serviceConfig', () => {
  test('claims nothing ahead, and takes the settings of the test', () => {
    const config = serviceConfig({ ...kit, settings: { MAX_IN_FLIGHT: '7' } });
    expect(config.dispatch).toMatchObject({ enabled: true, lookAheadMs: 0, maxInFlight: 7 });
  });

  test('a setting that the kit sets, and one that is not valid, are refused by name', () => {
    expect(() => serviceConfig({ ...kit, settings: { PORT: '1', LOOK_AHEAD_MS: '250' } })).toThrow(
      'The test kit sets PORT, LOOK_AHEAD_MS itself',
    );
    expect(() => serviceConfig({ ...kit, settings: { MAX_IN_FLIGHT: 'many' } })).toThrow('MAX_IN_FLIGHT');
  });
});
