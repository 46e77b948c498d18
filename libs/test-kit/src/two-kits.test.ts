import { expect, test } from '@jest/globals';
import { startTestKit } from './index.ts';
import { create, hook } from './testing/requests.ts';

test('two kits at once have their own time, timers and deliveries, until they are stopped', async () => {
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
    await one.stop();
  }
  await expect(one.advance('1d')).rejects.toThrow('The test kit is stopped');
});
