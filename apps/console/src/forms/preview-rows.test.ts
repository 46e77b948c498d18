import { describe, expect, test } from '@jest/globals';
import { clockChange, previewRows } from './preview-rows.ts';

describe('previewRows', () => {
  const rows = previewRows(
    [
      { at: '2030-03-30T01:30:00.000Z', local: '2030-03-30T02:30:00+01:00', shifted: null },
      { at: '2030-03-31T01:00:00.000Z', local: '2030-03-31T03:00:00+02:00', shifted: 'gap' },
      { at: '2030-04-01T00:30:00.000Z', local: '2030-04-01T02:30:00+02:00', shifted: null },
    ],
    Date.parse('2030-03-29T12:00:00Z'),
    ['Europe/Berlin', 'America/New_York'],
  );

  test('shows each occurrence on the clocks of every zone', () => {
    expect(rows[0]?.cells).toEqual([
      { date: 'Sat 2030-03-30', time: '02:30', offset: 'UTC+1', moved: 0 },
      { date: 'Fri 2030-03-29', time: '21:30', offset: 'UTC−4', moved: 0 },
    ]);
  });

  test('marks the first row after a change of the clocks, in that zone only', () => {
    expect(rows.map(({ cells }) => cells.map(({ moved }) => moved))).toEqual([
      [0, 0],
      [60, 0],
      [0, 0],
    ]);
    expect(rows.map(({ shifted }) => shifted)).toEqual([null, 'gap', null]);
  });

  test('counts changes since the preview began', () => {
    const [row] = previewRows(
      [{ at: '2030-11-15T00:00:00.000Z', local: '2030-11-15T01:00:00+01:00', shifted: null }],
      Date.parse('2030-10-01T00:00:00Z'),
      ['Europe/Berlin', 'UTC'],
    );
    expect(row?.cells.map(({ moved }) => moved)).toEqual([-60, 0]);
  });
});

test('a change of the clocks is told in words', () => {
  expect(clockChange(60)).toBe('clocks went forward 1 h');
  expect(clockChange(-30)).toBe('clocks went back 30 min');
});
