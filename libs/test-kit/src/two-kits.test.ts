import { expect, test } from '@jest/globals';
import { startTestKit } from './index.ts';
import { create, hook } from './testing/requests.ts';

test('two kits at once have their own time, timers and deliveries', async () => {
  const [one, other] = await Promise.all([startTestKit(), startTestKit({ startAt: '2040-06-15T08:00:00Z' })]);
  try {
    await Promise.all([
      create(one, { delay: '1d', callback: hook('/', 'one') }),
      create(other, { delay: '1d', callback: hook('/', 'other') }),
    ]);
    const [ofOne, ofOther] = await Promise.all([one.advance('2d'), other.advance('1d')]);
    expect(ofOne).toEqual([
      expect.objectContaining({ payload: 'one', at: new Date('2030-01-02T00:00:00Z') }),
    ]);
    expect(ofOther).toEqual([
      expect.objectContaining({ payload: 'other', at: new Date('2040-06-16T08:00:00Z') }),
    ]);
    expect([one.now(), other.now()]).toEqual([
      new Date('2030-01-03T00:00:00Z'),
      new Date('2040-06-16T08:00:00Z'),
    ]);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});

test('a stopped kit says so', async () => {
  const kit = await startTestKit();
  await kit.stop();
  await kit.stop();
  await expect(kit.advance('1d')).rejects.toThrow('The test kit is stopped');
});

test('a setting that the kit sets itself, and one that is not valid, are refused by name', async () => {
  await expect(startTestKit({ settings: { PORT: '1' } })).rejects.toThrow('The test kit sets PORT itself');
  await expect(startTestKit({ settings: { MAX_IN_FLIGHT: 'many' } })).rejects.toThrow(
    'invalid configuration:\n  MAX_IN_FLIGHT',
  );
});
