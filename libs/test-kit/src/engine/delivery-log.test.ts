import { describe, expect, test } from '@jest/globals';
import { selectorOf } from '../callback-selector.ts';
import { OK, responseStep } from '../response-script.ts';
import { DeliveryLog } from './delivery-log.ts';

const target = (path: string) => ({ name: null, url: `https://shop.example${path}`, subject: null });

describe('responses', () => {
  test('are taken one after the other, and the last one again and again', () => {
    const log = new DeliveryLog();
    log.addScript(1, selectorOf('/a'), [responseStep(503), responseStep(200)]);
    expect([1, 2, 3].map(() => log.take(target('/a')).step)).toEqual([
      responseStep(503),
      responseStep(200),
      responseStep(200),
    ]);
    expect(log.take(target('/b')).step).toEqual(OK);
  });

  test('of a later script for the same callback replace those of an earlier one', () => {
    const log = new DeliveryLog();
    log.addScript(1, selectorOf('/a'), [responseStep(503)]);
    log.addScript(2, selectorOf('/a'), [responseStep(204)]);
    expect(log.take(target('/a'))).toEqual({ step: responseStep(204), script: 2, index: 0 });
  });

  test('a delivery is quiet when this response and all later ones are successes', () => {
    const log = new DeliveryLog();
    expect(log.isQuiet(target('/a'))).toBe(true);
    log.addScript(1, selectorOf('/a'), [responseStep(503), responseStep(200)]);
    expect(log.isQuiet(target('/a'))).toBe(false);
    log.take(target('/a'));
    expect(log.isQuiet(target('/a'))).toBe(true);
    log.addScript(2, selectorOf('/a'), [{ kind: 'ask' }]);
    expect(log.isQuiet(target('/a'))).toBe(false);
  });
});

test('deliveries are numbered, and the attempts of each message', () => {
  const log = new DeliveryLog();
  const record = { ...target('/'), atMs: 0, type: 'http', headers: {}, body: '', result: 'none' } as const;
  const numbered = ['a', 'b', 'a'].map((id) => log.number({ ...record, id }));
  expect(numbered.map(({ index, id, attempt }) => [index, id, attempt])).toEqual([
    [0, 'a', 1],
    [1, 'b', 1],
    [2, 'a', 2],
  ]);
});
