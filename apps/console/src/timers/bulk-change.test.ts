import { describe, expect, test } from '@jest/globals';
import { changesOf, targetFields, uuidOf } from './bulk-change.ts';
import { readRescheduleForm, type RescheduleForm } from './reschedule-form.ts';

const FORM: RescheduleForm = { way: 'delay', duration: '15m', at: '', spread: '' };

describe('the form to reschedule', () => {
  test.each<[Partial<RescheduleForm>, object]>([
    [{}, { delay: '15m' }],
    [{ way: 'shift-later', duration: ' 2h ' }, { shift: '2h' }],
    [
      { way: 'shift-earlier', spread: '10m' },
      { shift: '-15m', spread: '10m' },
    ],
    [{ way: 'execute_at', at: '2030-01-31T10:00' }, { execute_at: '2030-01-31T09:00:00.000Z' }],
  ])('%j asks for %j', (form, fields) => {
    expect(readRescheduleForm({ ...FORM, ...form }, 'Europe/Berlin')).toEqual({ fields, errors: null });
  });

  test.each<[Partial<RescheduleForm>, string]>([
    [{ duration: '' }, 'duration'],
    [{ way: 'shift-later', duration: '0s' }, 'duration'],
    [{ way: 'execute_at', at: '' }, 'at'],
    [{ spread: '0s' }, 'spread'],
    [{ spread: 'soon' }, 'spread'],
  ])('%j has an error in %s', (form, field) => {
    const { errors } = readRescheduleForm({ ...FORM, ...form }, 'UTC');
    expect(Object.keys(errors ?? {})).toEqual([field]);
  });
});

test('changes are offered for the states that they change', () => {
  expect(changesOf('failed')).toEqual(['retry']);
  expect(changesOf('pending')).toEqual(['run', 'reschedule', 'cancel']);
  expect(changesOf('completed')).toEqual([]);
  expect(changesOf(undefined)).toHaveLength(4);
});

test('everything is asked for by name, except where no filter means everything', () => {
  expect(targetFields('cancel', { filter: {}, words: [] })).toEqual({ all: true });
  expect(targetFields('retry', { filter: {}, words: [] })).toEqual({});
  expect(targetFields('cancel', { filter: { key: 'a' }, words: [] })).toEqual({ key: 'a' });
});

test('random bytes become a UUID of version 4', () => {
  expect(uuidOf(new Uint8Array(16).fill(255))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  expect(uuidOf(new Uint8Array(16))).toBe('00000000-0000-4000-8000-000000000000');
});
