import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { socketPair } from './socket-pair.ts';

describe('socketPair', () => {
  test('what is written to one end is read from the other, also more than fits at once', async () => {
    const [near, far] = socketPair();
    const large = 'x'.repeat(1_000_000);
    near.end(large);
    far.end('response');
    expect(await Promise.all([text(far), text(near)])).toEqual([large, 'response']);
  });

  test('both ends are closed together', async () => {
    const [near, far] = socketPair();
    const closed = once(far, 'close');
    near.destroy();
    await closed;
    expect(far.destroyed).toBe(true);
  });

  test('writing to an end whose peer is gone fails', async () => {
    const [near, far] = socketPair();
    far.destroy();
    const failed = once(near, 'error');
    near.write('too late');
    expect(await failed).toEqual([expect.objectContaining({ code: 'EPIPE' })]);
  });
});
